"""A log that only takes records, and keeps them in the memory of this process: for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from samovar.broker.partitioning import partition_of
from samovar.broker.port import (
    NO_CONFIG,
    NO_MARKS,
    NewRecord,
    OnDelivery,
    Record,
    TopicPartition,
    TopicSpec,
    Written,
)
from samovar.errors import BrokerError, DeliveryFailedError
from samovar.support import clock


class MemoryLog:
    """Any thread may use it. A record of a topic that nobody made is stored all the same."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._counts: dict[str, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        #: Everything that was stored, in order.
        self.stored: list[tuple[TopicPartition, Record]] = []

    def producer(self, topic_config: Mapping[str, Any] = NO_CONFIG) -> MemoryProducer:
        """A producer; however it is to send, it stores at once."""
        return MemoryProducer(self)

    def atomic_producer(self, name: str) -> MemoryAtomicProducer:
        """A producer that stores all or nothing."""
        return MemoryAtomicProducer(self)

    def write(self, records: Sequence[NewRecord]) -> list[Written]:
        """Store all of them or, on an error, none; where they are.

        Raises:
            DeliveryFailedError: a topic has no such partition.
        """
        with self._lock:
            places = [(self._place(record), record) for record in records]
            return [self._store(source, record) for source, record in places]

    # The topics.

    def partitions(self, name: str) -> int | None:
        """How many partitions a topic has; None when nobody made it."""
        return self._counts.get(name)

    def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Make those that are not there; their names."""
        with self._lock:
            missing = [spec for spec in specs if spec.name not in self._counts]
            self._counts |= {spec.name: spec.partitions for spec in missing}
            return [spec.name for spec in missing]

    def names(self) -> list[str]:
        """Every topic that was made."""
        return sorted(self._counts)

    def forget(self) -> None:
        """Nothing here can be out of date."""

    def _place(self, record: NewRecord) -> TopicPartition:
        count = self._counts.get(record.topic)
        if record.partition is not None:
            if count is not None and record.partition >= count:
                raise DeliveryFailedError(
                    f"Topic {record.topic!r} has no partition {record.partition}; it has {count}, "
                    f"from 0 up."
                )
            return TopicPartition(record.topic, record.partition)
        partition = partition_of(record.key, count or 1) if record.key else 0
        return TopicPartition(record.topic, partition)

    def _store(self, source: TopicPartition, record: NewRecord) -> Written:
        offset = self._ends.get(source, 0)
        self._ends[source] = offset + 1
        made = int(clock.now() * 1000) if record.timestamp is None else record.timestamp
        stored = Record(offset, record.value, record.key, record.headers, made)
        self.stored.append((source, stored))
        return Written(source, offset)


class MemoryProducer:
    """A `Producer`; nothing is ever on its way."""

    schedules = False
    #: As a barrier.
    passed = True

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def produce(self, record: NewRecord) -> None:
        self._log.write([record])

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        return self.produce_each(records, lambda index, outcome: None)

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        refused: dict[int, BrokerError] = {}
        for index, record in enumerate(records):
            try:
                (written,) = self._log.write([record])
            except BrokerError as error:
                refused[index] = error
            else:
                on_delivery(index, written)
        return refused

    def produce_sync(
        self, records: Sequence[NewRecord], timeout: float | None = None
    ) -> list[Written]:
        return self._log.write(records)

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        return condition()

    def cancel_scheduled(self, key: str) -> bool:
        return False

    def barrier(self) -> MemoryProducer:
        return self

    def flush(self, timeout: float) -> int:
        return 0

    def close(self, timeout: float) -> int:
        return 0


class MemoryAtomicProducer:
    """An `AtomicProducer`. Positions are committed nowhere."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        return self._log.write(records)

    def close(self) -> None: ...
