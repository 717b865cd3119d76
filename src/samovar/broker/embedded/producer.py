"""Writing: each call is one transaction, so that what was handed over is stored at return."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from samovar import events
from samovar.broker.embedded import log, schedule, uses
from samovar.broker.embedded.file import File
from samovar.broker.embedded.store import Store
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import Waker
from samovar.broker.partitioning import partition_of
from samovar.broker.port import NewRecord, OnDelivery, TopicPartition, Written
from samovar.errors import (
    BrokerError,
    DeliveryFailedError,
    ProducerClosedError,
    UnknownTopicError,
)
from samovar.support import clock, ids

#: Partitions that were added meanwhile are seen after so long.
_LOOK_SECONDS = 1.0


class _Passed:
    """A barrier that nothing waits at."""

    @property
    def passed(self) -> bool:
        return True


class _Place(NamedTuple):
    """A partition: its number in the topic, its id in the file."""

    partition: int
    id: int


#: Where records are that wait for their time.
_NOWHERE = _Place(-1, -1)


class _Call:
    """The records of one call, stored by its own thread or by another that came first."""

    __slots__ = ("firsts", "is_stored", "places", "records")

    def __init__(self, records: Sequence[NewRecord]) -> None:
        self.records = records
        #: Where each record goes.
        self.places: list[_Place] = []
        #: The offset of the first record in each partition, by the partition's id.
        self.firsts: dict[int, int] = {}
        self.is_stored = False


def _nobody(index: int, outcome: Written | BrokerError) -> None:
    """Nobody asks what became of the record."""


class EmbeddedProducer:
    """Fulfils `samovar.broker.port.Producer`."""

    #: Records may be due later.
    schedules = True

    def __init__(
        self, store: Store, *, guard: Callable[[sqlite3.Connection], None] | None = None
    ) -> None:
        """`guard` may refuse a transaction, from within it."""
        self._guard = guard
        # Its lock guards everything here, since that one is known to be free after a fork.
        self._store = store
        self._waker = Waker(WakeDirectory(store.path))
        #: Each topic's partitions, in order.
        self._topics: dict[str, list[_Place]] = {}
        self._partitions_ever_made = -1
        self._look_at = 0.0
        #: Calls of threads that wait for the lock; a deque, since they come without it.
        self._waiting: deque[_Call] = deque()
        self._process = os.getpid()
        #: Whose turn it is among the partitions when a record has no key.
        self._turn = int(ids.random() * 65536)
        self._is_closed = False

    def produce(self, record: NewRecord) -> None:
        """Store one record.

        Raises:
            UnknownTopicError: there is no such topic.
            DeliveryFailedError: the topic has no such partition.
            StoreError: the file cannot be used, or the disk is full.
        """
        if uses.is_using():
            self._postpone([record])
        else:
            self._write([record])

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """Store all of them or, on an error, none."""
        if uses.is_using():
            self._postpone(records)
        else:
            self._write(records)
        return {}

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        """Store all of them or, on an error, none."""
        if uses.is_using():
            self._postpone(records, on_delivery)
        else:
            for index, written in enumerate(self.produce_sync(records)):
                on_delivery(index, written)
        return {}

    def produce_sync(
        self, records: Sequence[NewRecord], timeout: float | None = None
    ) -> list[Written]:
        """Store all of them or, on an error, none."""
        call = self._write(records)
        next_offsets = dict(call.firsts)
        written: list[Written] = []
        for record, place in zip(records, call.places, strict=True):
            offset = next_offsets.get(place.id, -1)
            written.append(Written(TopicPartition(record.topic, place.partition), offset))
            if place is not _NOWHERE:
                next_offsets[place.id] = offset + 1
        return written

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Whether it is true already: every outcome was reported at once."""
        return condition()

    def cancel_scheduled(self, key: str) -> bool:
        """Drop what waits under this key; whether there was something.

        Raises:
            StoreError: the file cannot be used.
        """
        with self._store.writing() as connection:
            return schedule.cancel(connection, key)

    def barrier(self) -> _Passed:
        """A mark behind everything produced so far."""
        return _Passed()

    def flush(self, timeout: float) -> int:
        """Nothing is ever outstanding."""
        return 0

    def close(self, timeout: float) -> int:
        """Let go of the file for good."""
        self._is_closed = True
        self._store.close()
        self._waker.close()
        return 0

    def _write(self, records: Sequence[NewRecord]) -> _Call:
        if self._is_closed:
            raise ProducerClosedError(
                f"The producer of {self._store.path} is closed: nothing was stored."
            )
        if self._process != os.getpid():
            # What other threads were about to write when the process forked, the parent writes.
            self._waiting.clear()
            self._process = os.getpid()
        uses.check()  # before another thread can find the call, and store it
        call = _Call(records)
        self._waiting.append(call)
        with self._store.holding() as file:
            if not call.is_stored:
                self._write_waiting(file, call)
        return call

    def _postpone(self, records: Sequence[NewRecord], on_delivery: OnDelivery = _nobody) -> None:
        """The caller has interrupted a use of the log in this thread: store them after that."""

        def write() -> None:
            try:
                written = self.produce_sync(records)
            except Exception as error:
                self._refused(records, on_delivery, error)
            else:
                for index, place in enumerate(written):
                    on_delivery(index, place)

        uses.postpone(write)

    def _refused(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery, error: Exception
    ) -> None:
        if on_delivery is _nobody or not isinstance(error, BrokerError):
            for topic, count in Counter(record.topic for record in records).items():
                events.announce("producer.failed", topic=topic, error=error, count=count)
        else:
            for index in range(len(records)):
                on_delivery(index, error)

    def _write_waiting(self, file: File, call: _Call) -> None:
        """Store this call and those of the threads that wait: together they wait for one fsync."""
        others: list[_Call] = []
        with suppress(IndexError):
            while True:
                others.append(self._waiting.popleft())
        together = [call, *(other for other in others if other is not call)]
        self._look_for_new_partitions(file)
        try:
            self._store_together(file, together)
        except (BrokerError, sqlite3.Error):
            if len(together) == 1:
                raise
            # One may have spoilt it for all: each stands for itself when its turn comes.
            self._store_together(file, [call])
        self._waker.wake()

    def _store_together(self, file: File, calls: Sequence[_Call]) -> None:
        while True:
            for call in calls:
                call.places = [
                    (self._choose if record.due_ns is None else self._choose_later)(file, record)
                    for record in call.records
                ]
            try:
                with file.writing() as connection:
                    if self._guard is not None:
                        self._guard(connection)
                    for call in calls:
                        self._append(connection, call)
                break
            except log.PartitionGoneError:
                self._learn_topics(file)
        for call in calls:
            call.is_stored = True

    def _append(self, connection: sqlite3.Connection, call: _Call) -> None:
        lines: dict[int, list[NewRecord]] = {}
        for record, place in zip(call.records, call.places, strict=True):
            lines.setdefault(place.id, []).append(record)
        if waiting := lines.pop(_NOWHERE.id, None):
            schedule.add(connection, waiting)
        call.firsts = {
            partition_id: log.append(connection, partition_id, line)
            for partition_id, line in lines.items()
        }

    def _choose(self, file: File, record: NewRecord) -> _Place:
        wanted = record.partition
        places = self._topics.get(record.topic, [])
        if not places or (wanted is not None and wanted >= len(places)):
            places = self._learn_topic(file, record.topic)
        if not places:
            raise UnknownTopicError(
                f"There is no topic {record.topic!r} in {self._store.path}. Create it first."
            )
        if wanted is not None:
            if not 0 <= wanted < len(places):
                raise DeliveryFailedError(
                    f"Topic {record.topic!r} has no partition {wanted}; it has {len(places)}."
                )
            return places[wanted]
        if record.key:
            return places[partition_of(record.key, len(places))]
        self._turn += 1
        return places[self._turn % len(places)]

    def _choose_later(self, file: File, record: NewRecord) -> _Place:
        """Nowhere until it is due. A topic that is missing raises now, not then."""
        place = self._choose(file, record)
        is_due = record.due_ns is None or record.due_ns <= clock.now_ns()
        return place if is_due else _NOWHERE

    def _look_for_new_partitions(self, file: File) -> None:
        now = clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        with file.reading() as connection:
            if log.partitions_ever_made(connection) != self._partitions_ever_made:
                self._learn_topics(file)

    def _learn_topic(self, file: File, topic: str) -> list[_Place]:
        """One alone: to read all of them for each new queue would cost ever more."""
        with file.reading() as connection:
            numbers = log.partition_ids_of(connection, topic)
        places = self._topics[topic] = [_Place(*place) for place in enumerate(numbers)]
        return places

    def _learn_topics(self, file: File) -> None:
        with file.reading() as connection:
            self._partitions_ever_made = log.partitions_ever_made(connection)
            self._topics = {
                topic: [_Place(*place) for place in enumerate(numbers)]
                for topic, numbers in log.partition_ids(connection).items()
            }
