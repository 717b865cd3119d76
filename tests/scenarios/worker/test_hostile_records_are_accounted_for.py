"""Malformed and hostile records of all kinds: each is accounted for, and no good job suffers."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import psutil
import pytest

import samovar
from samovar.broker.port import NewRecord, Record, TopicPartition
from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.hostile import KINDS, hostile
from tests.support.stage import Stage

PARTITIONS = 8
#: For so many hostile records there is one good job.
AMONG = 10
#: What a worker may grow by, in bytes.
GROWTH = 20_000_000
CHUNK = 5_000

ROUTES = """
app.job_topic(
    "default", dead_letter_queue=DeadLetterQueue("morgue", max_retries=0),
    pause=Pause(timeout=0, max_timeout=0.01),
)
"""


def test_there_are_fifty_kinds() -> None:
    assert len(KINDS) >= 50


def test_hostile_records_are_accounted_for(stage: Stage) -> None:
    check(stage, {"embedded": 50_000, "kafka": 5_000}[stage.backend])


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_a_million_hostile_records_are_accounted_for(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**check(stage, 1_000_000, within=3000))


def check(stage: Stage, count: int, *, within: float = 100) -> dict[str, int]:
    """The counts: what became of so many hostile records."""
    stage.draw(ROUTES)
    stage.configure("embedded", synchronous="normal")
    stage.app  # noqa: B018 -- jobs need an application to know their queue
    stage.create(partitions=PARTITIONS)
    good = count // AMONG
    records = mixed(stage.topic(), count)
    stage.produce(list(islice(records, CHUNK)))

    with stage.steady_worker("-c", "4") as worker:
        process = psutil.Process(worker.pid)
        stage.journal.wait(lambda journal: len(journal.numbers("done")) > CHUNK / AMONG / 4)
        before = highest = process.memory_info().rss
        while chunk := list(islice(records, CHUNK)):
            stage.produce(chunk)
            highest = max(highest, process.memory_info().rss)

        def all_done() -> bool:
            nonlocal highest
            highest = max(highest, process.memory_info().rss)
            return open_records(stage) == 0

        eventually(all_done, within=within, what="everything is done with")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert "\nERROR forged" not in worker.output
    assert "\x1b" not in worker.output
    assert sorted(stage.journal.numbers("done")) == list(range(good))
    keys = Counter(record.key for record in letters(stage))
    assert set(keys.values()) == {1}
    endured, discarded = (len(stage.journal.notes(what)) for what in ("endured", "discarded"))
    assert len(keys) + endured + discarded == count
    assert highest - before < GROWTH
    return {
        "hostile": count,
        "dead_letters": len(keys),
        "performed": endured,
        "discarded": discarded,
        "good": good,
        "growth": highest - before,
    }


def mixed(topic: str, count: int) -> Iterator[NewRecord]:
    """Hostile records, each with its number as key, and a good job behind every tenth."""
    for number, (value, headers) in enumerate(hostile(count)):
        key = b"%d" % number
        yield NewRecord(topic, value, key=key, headers=headers, partition=number % PARTITIONS)
        if number % AMONG == AMONG - 1:
            job = JournalJob(number // AMONG)
            yield NewRecord(topic, samovar.payload.dumps(job.serialize()))


def open_records(stage: Stage) -> int:
    """How many records of the queue nobody has committed."""
    committed = stage.committed()
    marks = stage.admin.watermarks(stage.topic())
    return sum(mark.high - committed.get(source, mark.low) for source, mark in marks.items())


def letters(stage: Stage) -> Iterator[Record]:
    topic = stage.topic("morgue")
    for source, marks in stage.admin.watermarks(topic).items():
        offset = marks.low
        while offset < marks.high:
            records = stage.admin.read(TopicPartition(*source), offset, CHUNK)
            yield from records
            offset = records[-1].offset + 1
