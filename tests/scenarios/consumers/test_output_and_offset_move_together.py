"""Consume, produce and mark in one transaction: a failure leaves neither output nor offset."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from samovar.broker.port import TopicPartition
from samovar.errors import BrokerUnavailableError
from tests.support.eventually import eventually
from tests.support.stage import Stage

PARTITIONS = 4
RECORDS_PER_ROUND = 400
LONGEST_LIFE_SECONDS = 1.5
ROUTES = """
import os
from pathlib import Path

from samovar import Consumer
from tests.support import journal


class Invoicing(Consumer):
    def consume(self):
        for message in self.messages:
            number = message.payload["number"]
            journal.write("start", number)
            with app.producer.transaction() as together:
                together.produce(topic="invoices", payload=str(number), key=str(number))
                self.produce(self.topic.replace("orders", "copies"), str(number).encode())
                self.mark_as_consumed(message)
                gate = Path(os.environ[journal.VARIABLE]).parent / f"gate-{number}"
                if message.payload.get("fails") and not gate.exists():
                    raise RuntimeError(f"message {number} fails")


app.topic("orders", consumer=Invoicing, pause=Pause(timeout=0.05, max_timeout=0.1))
"""


@pytest.mark.timeout(180)
def test_what_fails_leaves_neither_output_nor_offset(stage: Stage) -> None:
    """O01, O02."""
    stage.declare(ROUTES)
    create(stage, partitions=1)
    put(stage, range(3), partitions=1, fails=1)
    source = TopicPartition(stage.topic("orders"), 0)

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: journal.numbers("start").count(1) >= 3)
        assert (invoices(stage), copies(stage)) == ([0], [0])
        assert stage.committed("orders") == {source: 1}
        stage.open_gate(1)
        eventually(lambda: stage.committed("orders") == {source: 3}, what="all is committed")
        assert (invoices(stage), copies(stage)) == ([0, 1, 2], [0, 1, 2])
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.committed("orders") == {source: 3}


@pytest.mark.timeout(300)
def test_a_killed_consumer_puts_out_everything_once(stage: Stage) -> None:
    kill_amid_transactions(stage, kills=2)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_a_consumer_killed_twenty_times_puts_out_everything_once(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_amid_transactions(stage, kills=20))


def kill_amid_transactions(stage: Stage, kills: int) -> dict[str, object]:
    stage.notice_the_dead()
    stage.configure("worker", commit_interval=0.2)
    stage.declare(ROUTES)
    create(stage, partitions=PARTITIONS)
    written = 0

    for _ in range(kills):
        numbers = range(written, written := written + RECORDS_PER_ROUND)
        put(stage, numbers, partitions=PARTITIONS)
        with stage.worker() as worker:
            stage.journal.wait(lambda journal, w=worker: w.pid in journal.pids(), within=60)
            time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
            worker.signal(signal.SIGKILL)
            worker.wait()
    with stage.steady_worker() as last:
        eventually(
            lambda: _committed(stage) == written,
            within=180,
            what="all is committed",
        )
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    for put_out in (invoices(stage), copies(stage)):
        counts = Counter(put_out)
        assert [n for n in range(written) if n not in counts] == []
        assert [n for n, count in counts.items() if count > 1] == []
    begun = Counter(stage.journal.numbers("start"))
    return {
        "backend": stage.backend,
        "kills": kills,
        "records": written,
        "lost": 0,
        "put_out_twice": 0,
        "begun_again": begun.total() - written,
    }


def create(stage: Stage, *, partitions: int) -> None:
    stage.create("orders", partitions=partitions)
    for queue in ("invoices", "copies"):
        stage.create(queue, partitions=1)


def put(stage: Stage, numbers: range, *, partitions: int, fails: int | None = None) -> None:
    bodies = {n: json.dumps({"number": n, "fails": n == fails}).encode() for n in numbers}
    stage.put_raw([(n % partitions, body) for n, body in bodies.items()], "orders")


def invoices(stage: Stage) -> list[int]:
    return [int(record.value or b"") for record in stage.records("invoices")]


def copies(stage: Stage) -> list[int]:
    return [int(record.value or b"") for record in stage.records("copies")]


def _committed(stage: Stage) -> int | None:
    """All positions together; None while the broker still undoes what a killed worker left open."""
    try:
        return sum(stage.committed("orders").values())
    except BrokerUnavailableError:
        return None
