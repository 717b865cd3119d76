"""The partitions that a consumer of the embedded log holds, and how far it has read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from samovar.broker.embedded import log
from samovar.broker.embedded.groups import Claim
from samovar.broker.port import Batch, Commit, TopicPartition

#: A fetch ends with the record that reaches this size, whatever else there is to read.
FETCH_BYTES = 8 * 1024 * 1024


class _Partition:
    __slots__ = ("end", "id", "is_paused", "position", "source")

    def __init__(self, claim: Claim) -> None:
        self.id = claim.partition_id
        self.source = claim.source
        self.position = claim.position
        #: The next offset that will be written, as last seen.
        self.end = claim.end
        self.is_paused = False


class HeldPartitions:
    """Those of one consumer; used by its own thread only."""

    def __init__(self) -> None:
        self._held: dict[TopicPartition, _Partition] = {}
        self._turn = 0

    def __contains__(self, source: TopicPartition) -> bool:
        return source in self._held

    def __iter__(self) -> Iterator[TopicPartition]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def ids(self) -> set[int]:
        """The partitions by their ids in the file."""
        return {held.id for held in self._held.values()}

    def id_of(self, source: TopicPartition) -> int:
        """The id of a partition that is held."""
        return self._held[source].id

    def sources(self, ids: Collection[int]) -> list[TopicPartition]:
        """Which of the held partitions have these ids."""
        return [held.source for held in self._held.values() if held.id in ids]

    def by_id(self, stored: Mapping[TopicPartition, Commit]) -> dict[int, Commit]:
        """What is to be committed, by the partition's id."""
        return {self._held[source].id: committed for source, committed in stored.items()}

    def add(self, claims: Iterable[Claim]) -> None:
        """These are assigned now."""
        for claim in claims:
            self._held[claim.source] = _Partition(claim)

    def drop(self, sources: Iterable[TopicPartition]) -> None:
        """These are no longer held."""
        for source in sources:
            del self._held[source]

    def clear(self) -> None:
        """None is held any more."""
        self._held.clear()

    def pause(self, sources: Iterable[TopicPartition], *, is_paused: bool) -> None:
        """Fetch nothing of these, or go on with them."""
        for source in sources:
            if source in self._held:
                self._held[source].is_paused = is_paused

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go on from this offset."""
        if source in self._held:
            self._held[source].position = offset

    def look(self, connection: sqlite3.Connection) -> None:
        """See how far the partitions reach."""
        by_id = {held.id: held for held in self._held.values()}
        numbers = ",".join(map(str, by_id))
        for partition_id, end in connection.execute(
            f"SELECT id, next_offset FROM partitions WHERE id IN ({numbers})"
        ):
            by_id[partition_id].end = end

    @property
    def has_more(self) -> bool:
        """Whether there is something to fetch, as far as was seen."""
        return any(h.position < h.end and not h.is_paused for h in self._held.values())

    def fetch(self, connection: sqlite3.Connection, max_records: int) -> list[Batch]:
        """Up to `max_records` records; the partitions take turns at being first."""
        ready = [h for h in self._held.values() if h.position < h.end and not h.is_paused]
        self._turn += 1
        first = self._turn % len(ready)
        batches: list[Batch] = []
        max_bytes = FETCH_BYTES
        for held in ready[first:] + ready[:first]:
            run = log.fetch(connection, held.id, held.position, max_records, max_bytes)
            if run.records:
                held.position = run.records[-1].offset + 1
                batches.append(Batch(held.source, run.records))
                max_records -= len(run.records)
                max_bytes -= run.size
            if run.is_last:
                held.position = max(held.position, held.end)
            if max_records <= 0 or max_bytes <= 0:
                break
        return batches
