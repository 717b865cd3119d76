"""A topic whose records are no jobs: order, errors, dead letters, hooks and marks."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Set
from typing import Any

import pytest

from tests.support.eventually import eventually
from tests.support.stage import Stage

IMPORT = "from tests.jobs.consumers import ForwardingConsumer, JournalConsumer\n"
QUICK = "pause=Pause(timeout=0.05, max_timeout=0.1)"
PARTITIONS = 4


def test_every_record_is_worked_on_once_and_in_order(stage: Stage) -> None:
    stage.declare(f"{IMPORT}app.topic('orders', consumer=JournalConsumer, max_messages=7)")
    stage.create("orders", partitions=PARTITIONS)
    put(stage, range(200))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(200))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    with stage.steady_worker() as successor:
        put(stage, range(200, 240))
        stage.journal.wait_for("done", *range(200, 240))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0

    started = stage.journal.numbers("start")
    for partition in range(PARTITIONS):
        mine = [number for number in started if number % PARTITIONS == partition]
        assert mine == list(range(partition, 240, PARTITIONS))
    assert set(stage.committed("orders").values()) == {240 // PARTITIONS}


def test_a_failing_message_holds_up_its_own_partition_until_it_is_well(stage: Stage) -> None:
    stage.declare(f"{IMPORT}app.topic('orders', consumer=JournalConsumer, {QUICK})")
    stage.create("orders", partitions=PARTITIONS)
    put(stage, range(40), fails={8})

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: journal.numbers("start").count(8) >= 3)
        stage.journal.wait_for("done", *(n for n in range(40) if n % PARTITIONS))
        assert 12 not in stage.journal.numbers("start")
        stage.open_gate(8)
        stage.journal.wait_for("done", *range(40))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    done = stage.journal.numbers("done")
    assert sorted(done) == list(range(40))


def test_a_message_that_keeps_failing_becomes_a_dead_letter(stage: Stage) -> None:
    stage.declare(
        f"{IMPORT}app.topic('orders', consumer=JournalConsumer, {QUICK},"
        " dead_letter_queue=DeadLetterQueue('lost', max_retries=2))"
    )
    stage.create("orders", partitions=1)
    put(stage, range(10), fails={4}, partitions=1)
    stage.put_raw([(0, b"\xff no json")], "orders")
    put(stage, range(10, 12), partitions=1)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *(n for n in range(12) if n != 4))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.numbers("start").count(4) == 3
    dead = stage.records("lost")
    assert [record.value for record in dead] == [body(4, {4}), b"\xff no json"]
    assert ("source_offset", b"4") in dead[0].headers


def test_hooks_are_called_for_partitions_that_did_work(stage: Stage) -> None:
    """F07: also in error pause; and `revoked` when they move."""
    stage.declare(f"{IMPORT}app.topic('orders', consumer=JournalConsumer, {QUICK})")
    stage.create("orders", partitions=PARTITIONS)
    put(stage, (1, 2), fails={2})

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("shutdown")) == [1, 2]
    assert stage.journal.notes("revoked") == []


@pytest.mark.timeout(180)
def test_a_partition_that_moves_is_told_and_goes_on_elsewhere(stage: Stage) -> None:
    stage.declare(f"{IMPORT}app.topic('orders', consumer=JournalConsumer)")
    stage.create("orders", partitions=PARTITIONS)
    put(stage, range(40))

    with stage.steady_worker() as first:
        stage.journal.wait_for("done", *range(40))
        with stage.steady_worker() as second:
            eventually(lambda: "Partitions left" in first.output, what="partitions left")
            put(stage, range(40, 80))
            stage.journal.wait_for("done", *range(80))
            assert stage.journal.pids() == {first.pid, second.pid}
            for worker in (first, second):
                worker.signal(signal.SIGTERM)
                assert worker.wait() == 0

    assert sorted(stage.journal.numbers("start")) == list(range(80))
    moved = {int(line.what) for line in stage.journal.lines("revoked") if line.pid == first.pid}
    kept = {int(line.what) for line in stage.journal.lines("shutdown") if line.pid == first.pid}
    assert moved
    assert moved | kept == set(range(PARTITIONS))


def test_what_a_consumer_produces_is_there_before_its_batch_is_committed(stage: Stage) -> None:
    stage.declare(f"{IMPORT}app.topic('orders', consumer=ForwardingConsumer)")
    for queue in ("orders", "copies"):
        stage.create(queue, partitions=1)
    put(stage, range(50), partitions=1)

    with stage.steady_worker() as worker:
        eventually(lambda: sum(stage.committed("orders").values()) == 50, what="all is committed")
        assert [record.value for record in stage.records("copies")] == [
            body(number, set()) for number in range(50)
        ]
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def put(
    stage: Stage,
    numbers: Iterable[int],
    fails: Set[int] = frozenset(),
    partitions: int = PARTITIONS,
) -> None:
    stage.put_raw([(n % partitions, body(n, fails)) for n in numbers], "orders")


def body(number: int, fails: Set[int]) -> bytes:
    content: dict[str, Any] = {"number": number}
    return json.dumps(content | ({"fails": True} if number in fails else {})).encode()
