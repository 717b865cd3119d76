"""Writing: each call is one transaction, so that what was handed over is stored at return."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from samovar.broker.embedded import log
from samovar.broker.embedded.doorbell import Ringer, bells_directory
from samovar.broker.embedded.store import Store
from samovar.broker.port import NewRecord, TopicPartition, Written
from samovar.errors import DeliveryFailedError, UnknownTopicError

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


class EmbeddedProducer:
    """Fulfils `samovar.broker.port.Producer`."""

    def __init__(self, store: Store) -> None:
        # Its lock guards everything here, since that one is known to be free after a fork.
        self._store = store
        self._ringer = Ringer(bells_directory(store.path))
        #: Each topic's partitions, in order.
        self._topics: dict[str, list[_Place]] = {}
        self._partitions_ever_made = -1
        self._look_at = 0.0
        #: Whose turn it is among the partitions when a record has no key.
        self._turn = random.randrange(1 << 16)

    def produce(self, record: NewRecord) -> None:
        """Store one record.

        Raises:
            UnknownTopicError: there is no such topic.
            DeliveryFailedError: the topic has no such partition.
            StoreError: the file cannot be used, or the disk is full.
        """
        self._write([record])

    def produce_many(self, records: Sequence[NewRecord]) -> None:
        """Store all of them or, on an error, none."""
        self._write(records)

    def produce_sync(self, records: Sequence[NewRecord]) -> list[Written]:
        """Store all of them or, on an error, none."""
        places, firsts = self._write(records)
        next_offsets = dict(firsts)
        written: list[Written] = []
        for record, place in zip(records, places, strict=True):
            written.append(
                Written(TopicPartition(record.topic, place.partition), next_offsets[place.id])
            )
            next_offsets[place.id] += 1
        return written

    def barrier(self) -> _Passed:
        """A mark behind everything produced so far."""
        return _Passed()

    def flush(self, timeout: float) -> int:
        """Nothing is ever outstanding."""
        return 0

    def close(self, timeout: float) -> int:
        """Let go of the file."""
        self._store.close()
        self._ringer.close()
        return 0

    def _write(self, records: Sequence[NewRecord]) -> tuple[list[_Place], dict[int, int]]:
        """Where each record went, and each partition's first offset by the partition's id."""
        with self._store.lock:
            self._look_for_new_partitions()
            while True:
                places = [self._choose(record) for record in records]
                try:
                    firsts = self._append(records, places)
                    break
                except log.PartitionGoneError:
                    self._learn_topics()
            self._ringer.ring()
        return places, firsts

    def _append(self, records: Sequence[NewRecord], places: Sequence[_Place]) -> dict[int, int]:
        lines: dict[int, list[NewRecord]] = {}
        for record, place in zip(records, places, strict=True):
            lines.setdefault(place.id, []).append(record)
        with self._store.writing() as connection:
            return {
                partition_id: log.append(connection, partition_id, line)
                for partition_id, line in lines.items()
            }

    def _choose(self, record: NewRecord) -> _Place:
        places = self._topics.get(record.topic)
        if places is None:
            self._learn_topics()
            places = self._topics.get(record.topic)
        if places is None:
            raise UnknownTopicError(
                f"There is no topic {record.topic!r} in {self._store.path}. Create it first."
            )
        if record.partition is not None:
            if not 0 <= record.partition < len(places):
                raise DeliveryFailedError(
                    f"Topic {record.topic!r} has no partition {record.partition}; "
                    f"it has {len(places)}."
                )
            return places[record.partition]
        if record.key:
            # As librdkafka's "consistent" partitioner does.
            return places[crc32(record.key) % len(places)]
        self._turn += 1
        return places[self._turn % len(places)]

    def _look_for_new_partitions(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        with self._store.reading() as connection:
            if log.partitions_ever_made(connection) != self._partitions_ever_made:
                self._learn_topics()

    def _learn_topics(self) -> None:
        with self._store.reading() as connection:
            self._partitions_ever_made = log.partitions_ever_made(connection)
            self._topics = {
                topic: [_Place(*place) for place in enumerate(ids)]
                for topic, ids in log.partition_ids(connection).items()
            }
