"""A partition whose last owner died is begun with carefully, and what kills is found."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest

from samovar.broker.port import Batch, Commit, Record, TopicPartition
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.partitions.partition import Mark
from samovar.engine.polling import crash_guard as module
from samovar.engine.polling.crash_guard import CrashGuard
from samovar.engine.polling.marks import Marks
from samovar.errors import BrokerUnavailableError, WorkerDiedError
from samovar.support import clock

ONE, TWO = TopicPartition("orders", 0), TopicPartition("orders", 1)
CLEAN = CommitMetadata(is_clean=True).encode()
LONG = 60.0


def begun(**counts: int) -> str:
    """The note of records that were begun: begun(o5=2)."""
    return CommitMetadata(begun={int(name[1:]): count for name, count in counts.items()}).encode()


class Consumer:
    """Remembers what was committed, as a broker does."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, Commit] = {}
        self.waiting: dict[TopicPartition, Commit] = {}
        self.commits_made = 0
        self.is_away = False
        self.answers = True

    def commits(self, sources: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        if self.is_away:
            raise BrokerUnavailableError("away")
        return {s: self.committed[s] for s in sources if s in self.committed}

    def store(
        self, positions: Mapping[TopicPartition, int], texts: Mapping[TopicPartition, str]
    ) -> frozenset[TopicPartition]:
        """Without a text it is committed later, as ever; then the text is gone."""
        self.waiting |= {s: Commit(o, texts[s]) for s, o in positions.items() if s in texts}
        return frozenset()

    def commit_soon(self) -> None:
        if self.is_away:
            raise BrokerUnavailableError("away")
        if self.answers:
            self.answer()

    def answer(self) -> None:
        self.commits_made += bool(self.waiting)
        self.committed |= self.waiting
        self.waiting.clear()

    def is_committed(self, source: TopicPartition) -> bool:
        return source not in self.waiting


class Delivered:
    passed = True

    def barrier(self) -> Delivered:
        return self


class Partition:
    """Holds what it was offered until the test says that it is done."""

    def __init__(self, source: TopicPartition) -> None:
        self.source = source
        self.pending: deque[Record] = deque()
        self.quarantined: list[tuple[int, str]] = []
        self.mark: Mark | None = None
        self.is_waiting = False
        #: Whether an executor is free for it.
        self.has_executor = True

    def reserve(self) -> bool:
        return self.has_executor

    @property
    def backlog(self) -> int:
        return len(self.pending)

    @property
    def is_running(self) -> bool:
        return bool(self.pending)

    def quarantine(self, record: Record, error: Exception) -> None:
        assert isinstance(error, WorkerDiedError)
        self.quarantined.append((record.offset, str(error)))


class Worker:
    """One life of a process that holds both partitions."""

    def __init__(self, consumer: Consumer) -> None:
        self.partitions = {source: Partition(source) for source in (ONE, TWO)}
        self.marks = Marks(consumer=cast(Any, consumer), producer=cast(Any, Delivered()))
        self.crash_guard = CrashGuard(
            consumer=cast(Any, consumer),
            marks=self.marks,
            find=cast(Any, self.partitions.get),
        )
        self.crash_guard.assigned([ONE, TWO])

    def poll(self, source: TopicPartition, *offsets: int) -> list[int]:
        """What may be worked on at once."""
        batch = Batch(source, [Record(offset, b"") for offset in offsets])
        return [r.offset for b in self.crash_guard.admit([batch]) for r in b.records]

    def turn(self, *, later: float = 0.0) -> list[tuple[int, int]]:
        """What is released: partition and offset of each record."""
        released: list[tuple[int, int]] = []
        for partition, records in self.crash_guard.release(clock.monotonic() + later):
            cast(Partition, partition).pending.extend(records)
            released += [(partition.source.partition, r.offset) for r in records]
        return released

    def end(self, source: TopicPartition, *, stored: bool = True) -> None:
        """All that this partition was offered is done."""
        partition = self.partitions[source]
        partition.mark = Mark(partition.pending[-1].offset + 1)
        partition.pending.clear()
        if stored:
            self.store()

    def store(self) -> None:
        self.marks.store(cast(Any, self.partitions.values()))

    def leave(self, source: TopicPartition) -> None:
        partition = cast(Any, self.partitions[source])
        self.crash_guard.left([partition], self.marks.store_now([partition], 1.0))


def after(one: str | None = None, two: str | None = None) -> Consumer:
    """A group that has come to 5 in the one partition and 3 in the other, with these notes."""
    consumer = Consumer()
    if one is not None:
        consumer.committed[ONE] = Commit(5, one)
    if two is not None:
        consumer.committed[TWO] = Commit(3, two)
    return consumer


def test_a_partition_that_was_left_in_order_is_noted_once_and_then_worked_on() -> None:
    consumer = after(CLEAN)
    worker = Worker(consumer)

    worker.poll(ONE, 5, 6)
    worker.poll(TWO, 0)
    assert worker.turn() == [(0, 5), (0, 6), (1, 0)], "nobody has ever held the other one"

    assert consumer.committed == {ONE: Commit(5, ""), TWO: Commit(0, "")}
    assert worker.poll(ONE, 7) == [7]
    assert worker.turn() == []
    assert consumer.commits_made == 2
    assert not worker.crash_guard.is_busy


def test_it_waits_for_the_broker_but_not_for_long() -> None:
    consumer = after(CLEAN, CLEAN)
    consumer.answers = False
    worker = Worker(consumer)
    worker.poll(ONE, 5)
    worker.poll(TWO, 3)
    assert worker.turn() == []

    assert worker.poll(ONE, 6) == []
    assert not worker.crash_guard.holds(ONE)
    worker.poll(ONE, *range(7, 600))
    assert worker.crash_guard.holds(ONE)
    del consumer.waiting[TWO]
    assert worker.turn() == [(1, 3)]
    assert worker.turn(later=LONG)[:2] == [(0, 5), (0, 6)]


def test_leaving_in_order_is_noted() -> None:
    consumer = after(CLEAN)
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.turn()
    worker.end(ONE)

    worker.leave(ONE)
    worker.leave(TWO)
    consumer.answer()

    assert consumer.committed == {ONE: Commit(7, CLEAN)}


def test_a_partition_of_which_nothing_is_done_is_left_where_it_was() -> None:
    consumer = after(CLEAN)
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.turn()

    worker.leave(ONE)
    consumer.answer()

    assert consumer.committed[ONE] == Commit(5, CLEAN)


def test_what_is_not_known_to_be_stored_is_not_left_further_back() -> None:
    consumer = after(CLEAN)
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.turn()
    worker.end(ONE)

    worker.crash_guard.left([cast(Any, worker.partitions[ONE])], {})
    consumer.answer()

    assert consumer.committed[ONE] == Commit(5, ""), "as it was opened"


@pytest.mark.parametrize("note", ["", "of another tool", "samovar/2 c=1", "samovar/1 d=x"])
def test_behind_a_death_one_record_is_begun_at_a_time(note: str) -> None:
    consumer = after(note)
    worker = Worker(consumer)

    assert worker.poll(ONE, 5, 6) == []
    assert worker.turn() == [(0, 5)]
    assert worker.crash_guard.holds(ONE)
    assert worker.turn() == [], "5 is at work"
    assert consumer.committed[ONE] == Commit(5, begun(o5=1))

    worker.end(ONE, stored=False)
    assert worker.turn() == [], "what is done must be stored first"
    worker.store()
    assert worker.turn() == [(0, 6)]
    assert consumer.committed[ONE] == Commit(6, begun(o6=1))


def test_no_record_begins_before_it_is_committed_that_it_does() -> None:
    consumer = after("")
    consumer.answers = False
    worker = Worker(consumer)
    worker.poll(ONE, 5)
    assert worker.turn() == []

    consumer.answer()
    assert worker.turn() == [(0, 5)]


def test_no_record_is_counted_before_an_executor_is_free_for_it() -> None:
    """Whoever dies meanwhile died of something else."""
    for _ in range(4):
        worker = Worker(consumer := after(begun(o5=1)))
        worker.partitions[ONE].has_executor = False
        worker.poll(ONE, 5, 6)
        assert worker.turn() == []
        assert consumer.committed[ONE].metadata == begun(o5=1)

    worker.partitions[ONE].has_executor = True
    assert worker.turn() == [(0, 5)]
    assert consumer.committed[ONE].metadata == begun(o5=2)


def test_a_record_that_this_process_has_outlived_is_not_counted() -> None:
    consumer = after(begun(o5=3))
    worker = Worker(consumer)
    worker.crash_guard.forget([ONE])
    worker.crash_guard.assigned([ONE], {ONE: [5]})

    worker.poll(ONE, 5, 6)
    assert worker.turn() == [(0, 5)]
    assert worker.partitions[ONE].quarantined == []
    assert consumer.committed[ONE].metadata == begun(o5=1)


def test_only_one_partition_has_a_suspect_at_a_time() -> None:
    worker = Worker(after("", ""))
    worker.poll(ONE, 5)
    worker.poll(TWO, 3)

    ((number, _),) = worker.turn()
    assert worker.turn() == []
    first, second = (ONE, TWO) if number == 0 else (TWO, ONE)
    worker.end(first)
    assert [p for p, _ in worker.turn()] == [second.partition]


def test_a_record_whose_process_died_three_times_is_given_up() -> None:
    consumer = after("")
    for _ in range(3):
        worker = Worker(consumer)
        worker.poll(ONE, 5, 6)
        assert worker.turn() == [(0, 5)]
        assert worker.partitions[ONE].quarantined == []

    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)

    assert worker.turn() == [(0, 5)]
    ((offset, why),) = worker.partitions[ONE].quarantined
    assert offset == 5
    assert "begun 3 times" in why
    worker.partitions[ONE].is_waiting = True
    assert worker.turn() == [], "until it can be moved aside"
    worker.partitions[ONE].is_waiting = False
    worker.end(ONE)
    assert worker.turn() == [(0, 6)]
    assert len(worker.partitions[ONE].quarantined) == 1


def test_what_could_not_be_given_up_is_not_performed_by_the_next_owner_either() -> None:
    consumer = after(begun(o5=3))
    for _ in range(2):
        worker = Worker(consumer)
        worker.poll(ONE, 5, 6)
        worker.turn()
        worker.crash_guard.clear_suspect()
        assert [offset for offset, _ in worker.partitions[ONE].quarantined] == [5]

    worker.leave(ONE)
    consumer.answer()
    assert consumer.committed[ONE] == Commit(5, begun(o5=3))


def test_the_deaths_of_a_record_are_remembered_while_those_before_it_are_done_again() -> None:
    consumer = after("")
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
    assert worker.turn() == [(0, 6)]

    assert [offset for offset, _ in worker.partitions[ONE].quarantined] == [6]


def test_after_some_records_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SUSPECT_RECORDS", 2)
    consumer = after("")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6, 7, 8)

    for offset in (5, 6):
        assert worker.turn() == [(0, offset)]
        worker.end(ONE)
    assert worker.turn() == [(0, 7), (0, 8)]

    assert consumer.committed[ONE] == Commit(7, "")
    assert worker.poll(ONE, 9) == [9]
    worker.leave(ONE)
    consumer.answer()
    assert consumer.committed[ONE] == Commit(7, CLEAN)


def test_a_job_that_takes_long_holds_up_others_for_some_seconds_and_is_cleared() -> None:
    consumer = after(begun(o5=1), "")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.poll(TWO, 3, 4)
    assert worker.turn() == [(0, 5)], "something has died there before"
    assert consumer.committed[ONE] == Commit(5, begun(o5=2))
    assert worker.turn() == []

    assert worker.turn(later=LONG) == [(0, 6), (1, 3), (1, 4)]

    assert consumer.committed[ONE] == Commit(5, begun(o5=0)), "the others may kill it now"
    assert not worker.crash_guard.is_busy


def test_a_job_that_takes_long_all_alone_stays_counted() -> None:
    consumer = after("")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.turn()

    assert worker.turn(later=LONG) == [(0, 6)]

    assert consumer.committed[ONE] == Commit(5, begun(o5=1))


@pytest.mark.parametrize("luck", range(8))
def test_a_cleared_record_begins_after_the_other_suspects(luck: int) -> None:
    random.seed(luck)
    worker = Worker(after(begun(o5=0), ""))
    worker.poll(ONE, 5)
    worker.poll(TWO, 3)

    assert worker.turn() == [(1, 3)]


def test_a_record_that_waits_for_its_time_holds_up_nobody() -> None:
    consumer = after(begun(o5=1), "")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    worker.poll(TWO, 3)
    assert worker.turn() == [(0, 5)]

    worker.partitions[ONE].is_waiting = True

    assert worker.turn() == [(0, 6), (1, 3)]
    assert consumer.committed == {ONE: Commit(5, begun(o5=0)), TWO: Commit(3, begun(o3=1))}


def test_a_worker_that_is_asked_to_stop_clears_what_is_running() -> None:
    consumer = after("")
    worker = Worker(consumer)
    worker.poll(ONE, 5)
    worker.turn()

    worker.crash_guard.clear_suspect()

    assert consumer.committed[ONE] == Commit(5, begun(o5=0))


def test_what_is_done_meanwhile_is_not_committed_backwards() -> None:
    consumer = after("")
    worker = Worker(consumer)
    worker.poll(ONE, 5)
    worker.turn()
    worker.end(ONE, stored=False)
    made = consumer.commits_made

    worker.crash_guard.clear_suspect()

    assert consumer.commits_made == made


def test_a_suspect_is_counted_for_the_next_owner_when_its_partition_leaves() -> None:
    consumer = after(begun(o6=2))
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    assert worker.turn() == [(0, 5)]

    worker.leave(ONE)
    consumer.answer()

    assert consumer.committed[ONE] == Commit(5, begun(o6=2)), "5 has killed nobody"


def test_partitions_that_are_gone_are_forgotten() -> None:
    worker = Worker(after("", CLEAN))
    worker.poll(ONE, 5)
    worker.turn()

    worker.crash_guard.forget([ONE, TWO])

    assert not worker.crash_guard.is_busy
    assert worker.turn() == []
    assert worker.poll(ONE, 5) == [5]
    worker.crash_guard.clear_suspect()


def test_what_cannot_be_asked_is_worked_on() -> None:
    consumer = Consumer()
    consumer.is_away = True

    assert Worker(consumer).poll(ONE, 5) == [5]


def test_what_cannot_be_noted_is_worked_on_after_some_seconds() -> None:
    consumer = after("")
    worker = Worker(consumer)
    worker.poll(ONE, 5, 6)
    consumer.is_away = True

    assert worker.turn() == []
    assert worker.turn(later=LONG) == [(0, 5), (0, 6)]
