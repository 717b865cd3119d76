"""A partition whose last owner died is begun with carefully, and what kills is found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest

from samovar.broker.port import Batch, Commit, Record, TopicPartition
from samovar.engine import probation as module
from samovar.engine.probation import CLEAN, OPEN, Probation
from samovar.errors import BrokerUnavailableError, WorkerDiedError
from samovar.support import clock

ONE, TWO = TopicPartition("orders", 0), TopicPartition("orders", 1)


class Consumer:
    """Remembers what was committed, as a broker does."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, Commit] = {}
        self.calls = 0
        self.is_away = False

    def commits(self, sources: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        if self.is_away:
            raise BrokerUnavailableError("away")
        return {s: self.committed[s] for s in sources if s in self.committed}

    def store(self, positions: Mapping[TopicPartition, int], texts: Mapping[Any, str]) -> None:
        self.committed |= {s: Commit(offset, texts[s]) for s, offset in positions.items()}

    def commit(self) -> None:
        self.calls += 1


class Partition:
    """Holds what it was offered until the test says that it is done."""

    def __init__(self, source: TopicPartition) -> None:
        self.source = source
        self.offered: deque[Record] = deque()
        self.condemned: list[tuple[int, str]] = []
        self.takes = True

    @property
    def backlog(self) -> int:
        return len(self.offered)

    @property
    def is_running(self) -> bool:
        return bool(self.offered)

    def condemn(self, record: Record, error: Exception) -> bool:
        assert isinstance(error, WorkerDiedError)
        if self.takes:
            self.condemned.append((record.offset, str(error)))
        return self.takes


class Worker:
    """One life of a process that holds both partitions."""

    def __init__(self, consumer: Consumer) -> None:
        self.partitions = {source: Partition(source) for source in (ONE, TWO)}
        self.is_marked = True
        self.probation = Probation(
            consumer=cast(Any, consumer), is_marked=lambda partition: self.is_marked
        )
        self.probation.assigned([ONE, TWO])

    def poll(self, source: TopicPartition, *offsets: int) -> list[int]:
        """What may be worked on at once."""
        batch = Batch(source, [Record(offset, b"") for offset in offsets])
        return [r.offset for b in self.probation.admit([batch]) for r in b.records]

    def turn(self, *, later: float = 0.0) -> list[tuple[int, int]]:
        """What is released: partition and offset of each record."""
        released: list[tuple[int, int]] = []
        find = cast(Any, self.partitions.get)
        for partition, records in self.probation.release(find, clock.monotonic() + later):
            mine = cast(Partition, partition)
            mine.offered.extend(records)
            released += [(mine.source.partition, r.offset) for r in mine.offered]
        return released

    def end(self, source: TopicPartition) -> None:
        self.partitions[source].offered.clear()


def test_a_partition_that_was_left_in_order_is_worked_on_at_once() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, CLEAN)
    worker = Worker(consumer)

    assert worker.poll(ONE, 5, 6) == [5, 6]
    assert worker.poll(TWO, 0) == [0], "nobody has ever held it"

    assert consumer.committed == {ONE: Commit(5, OPEN), TWO: Commit(0, OPEN)}
    assert worker.poll(ONE, 7) == [7]
    assert consumer.calls == 2, "it is noted once"


def test_leaving_in_order_is_noted() -> None:
    consumer = Consumer()
    worker = Worker(consumer)
    worker.poll(ONE, 5)

    assert worker.probation.begun_at(ONE) == 5
    assert worker.probation.begun_at(TWO) is None
    worker.probation.left({ONE: 6})

    assert consumer.committed == {ONE: Commit(6, CLEAN)}


def test_behind_a_death_one_record_is_begun_at_a_time() -> None:
    consumer = Consumer()
    consumer.committed |= {ONE: Commit(5, OPEN), TWO: Commit(3, "")}
    worker = Worker(consumer)

    assert worker.poll(ONE, 5, 6) == []
    assert worker.poll(TWO, 3) == []
    assert worker.probation.holds(ONE)
    assert worker.turn() == [(0, 5)]
    assert worker.turn() == [], "5 is at work"
    assert consumer.committed[ONE] == Commit(5, f"{OPEN} d=5:1")

    worker.end(ONE)
    worker.is_marked = False
    assert worker.turn() == [], "what is done must be stored first"
    worker.is_marked = True
    assert worker.turn() in ([(0, 6)], [(1, 3)])


def test_a_record_whose_process_died_three_times_is_given_up() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, OPEN)
    for _ in range(3):
        worker = Worker(consumer)
        worker.poll(ONE, 5, 6)
        assert worker.turn() == [(0, 5)]

    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)

    assert worker.turn() == []
    ((offset, why),) = worker.partitions[ONE].condemned
    assert offset == 5
    assert "begun 3 times" in why
    assert worker.turn() == [(0, 6)]


def test_the_deaths_of_a_record_are_remembered_while_those_before_it_are_done_again() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, OPEN)
    for _ in range(3):
        worker = Worker(consumer)
        worker.poll(ONE, 5, 6)
        assert worker.turn() == [(0, 5)]
        worker.end(ONE)
        assert worker.turn() == [(0, 6)]
        consumer.committed[ONE] = Commit(5, consumer.committed[ONE].metadata)

    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    assert worker.turn() == [(0, 5)]
    worker.end(ONE)
    assert worker.turn() == []

    assert [offset for offset, _ in worker.partitions[ONE].condemned] == [6]


def test_what_cannot_be_given_up_now_waits() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, f"{OPEN} d=5:3")
    worker = Worker(consumer)
    worker.partitions[ONE].takes = False
    worker.poll(ONE, 5, 6)

    assert worker.turn() == []
    worker.partitions[ONE].takes = True
    assert worker.turn() == []

    assert [offset for offset, _ in worker.partitions[ONE].condemned] == [5]


def test_after_some_records_or_seconds_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBATION_RECORDS", 1)
    consumer = Consumer()
    consumer.committed |= {ONE: Commit(5, OPEN), TWO: Commit(3, OPEN)}
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6, 7)
    worker.poll(TWO, 3, 4)

    assert worker.turn() == [(0, 5)]
    assert worker.turn(later=60) == [(1, 3), (1, 4)], "a long job holds up no other partition"
    worker.end(ONE)
    assert worker.turn(later=60) == [(0, 6), (0, 7)]
    assert not worker.probation.is_busy


def test_who_is_on_probation_when_it_leaves_tells_the_next_owner() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, f"{OPEN} d=6:2")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    assert worker.turn() == [(0, 5)]

    worker.probation.left({ONE: 5})

    assert consumer.committed[ONE] == Commit(5, f"{OPEN} d=6:2"), "5 has killed nobody"


def test_partitions_that_are_gone_are_forgotten() -> None:
    consumer = Consumer()
    consumer.committed[ONE] = Commit(5, OPEN)
    worker = Worker(consumer)
    worker.poll(ONE, 5)

    worker.probation.forget([ONE, TWO])

    assert not worker.probation.is_busy
    assert worker.turn() == []
    assert worker.poll(ONE, 5) == [5]


def test_what_cannot_be_asked_is_worked_on() -> None:
    consumer = Consumer()
    consumer.is_away = True

    assert Worker(consumer).poll(ONE, 5) == [5]


@pytest.mark.parametrize("text", ["", "d=", "samovar/1 d=x", "samovar/1 d=1:2:3", "d=1"])
def test_a_text_that_is_none_of_ours_counts_nothing(text: str) -> None:
    assert module._counts(text) == {}
