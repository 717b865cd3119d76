"""Malformed and hostile records of all kinds: each is accounted for, and no good job suffers."""

from __future__ import annotations

import signal
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
from tests.support.worker_process import WorkerProcess

PARTITIONS = 8
#: For so many hostile records there is one good job.
AMONG = 10
#: What a worker may grow by, in bytes.
GROWTH = 20_000_000
CHUNK = 5_000
#: So many records may wait: memory is that of a worker which keeps up, not of a queue that grows.
BACKLOG = 2 * CHUNK
#: After so many records everything that is made once has been made.
EARLY = 5 * CHUNK

ROUTES = """
app.job_topic(
    "default", dead_letter_queue=DeadLetterQueue("morgue", max_retries=0),
    pause=Pause(timeout=0, max_timeout=0.01),
)
"""


def test_there_are_fifty_kinds() -> None:
    assert len(KINDS) >= 50


@pytest.mark.timeout(300)
def test_hostile_records_are_accounted_for(stage: Stage) -> None:
    check(stage, 50_000)


@pytest.mark.chaos
@pytest.mark.timeout(7200)
def test_a_million_hostile_records_are_accounted_for(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**check(stage, 1_000_000))


class Memory:
    """What a worker takes (RSS), in bytes: what it was early on, and the most it ever was."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._process = psutil.Process(worker.pid)
        self.early = self.most = 0
        #: What it was after each tenth of the records: a leak would show as a steady climb.
        self.tenths: list[int] = []

    def look(self, *, is_early: bool) -> None:
        self.most = max(self.most, self.now)
        if is_early:
            self.early = self.most

    @property
    def now(self) -> int:
        return self._process.memory_info().rss


def check(stage: Stage, count: int) -> dict[str, object]:
    """The counts: what became of so many hostile records."""
    stage.declare(ROUTES)
    stage.configure("embedded", synchronous="normal")
    stage.app  # noqa: B018 -- jobs need an application to know their queue
    stage.create(partitions=PARTITIONS)
    with stage.steady_worker("-c", str(PARTITIONS)) as worker:
        memory = Memory(worker)
        feed(stage, count, memory)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    check_output(worker)
    good = count // AMONG
    assert sorted(stage.journal.numbers("done")) == list(range(good))
    dead = numbers_of_letters(stage, count)
    endured, discarded = (len(stage.journal.notes(what)) for what in ("endured", "discarded"))
    assert dead + endured + discarded == count
    assert memory.most - memory.early < GROWTH
    return {
        "backend": stage.backend,
        "hostile": count,
        "dead_letters": dead,
        "performed": endured,
        "discarded": discarded,
        "good": good,
        "early_mb": round(memory.early / 1e6, 1),
        "growth_mb": round((memory.most - memory.early) / 1e6, 1),
        "tenths_mb": [round(size / 1e6, 1) for size in memory.tenths],
    }


def feed(stage: Stage, count: int, memory: Memory) -> None:
    """Write the records as fast as the worker is done with them, until it is done with all."""
    records = mixed(stage.topic(), count)
    written = 0

    def has_at_most(waiting: int) -> bool:
        memory.look(is_early=written <= EARLY)
        return open_records(stage) <= waiting

    while chunk := list(islice(records, CHUNK)):
        stage.produce(chunk)
        written += len(chunk)
        eventually(lambda: has_at_most(BACKLOG), within=300, what="the worker keeps up")
        if written % (count // 10) == 0:
            memory.tenths.append(memory.now)
    eventually(lambda: has_at_most(0), within=300, what="everything is done with")


def check_output(worker: WorkerProcess) -> None:
    """No record has forged a line of the log, or commanded the terminal."""
    for line in worker.lines():
        assert not line.startswith(b"ERROR forged")
        assert b"\x1b" not in line


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


def numbers_of_letters(stage: Stage, count: int) -> int:
    """How many dead letters there are; none is there twice."""
    seen = bytearray(count)
    for record in letters(stage):
        number = int(record.key or b"")
        assert not seen[number], f"record {number} is there twice"
        seen[number] = 1
    return sum(seen)


def letters(stage: Stage) -> Iterator[Record]:
    topic = stage.topic("morgue")
    for source, marks in stage.admin.watermarks(topic).items():
        offset = marks.low
        while offset < marks.high:
            records = stage.admin.read(TopicPartition(*source), offset, CHUNK)
            yield from records
            offset = records[-1].offset + 1
