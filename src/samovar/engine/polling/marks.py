"""From positions to stored marks, never ahead of what the finished jobs themselves enqueued.

A job that ends may just have handed other jobs to the producer (its own retry among them).
Its mark is stored only after those are delivered, so that a crash in between repeats the job
instead of losing what it enqueued.
"""

from __future__ import annotations

from collections.abc import Iterable

from samovar.broker.port import Barrier, Consumer, Deliveries, TopicPartition
from samovar.engine.partitions.partition import Mark, Partition
from samovar.engine.producing.delivery import delivered


class Marks:
    """Stores the positions of one consumer's partitions; used by the listener thread only."""

    def __init__(self, *, consumer: Consumer, producer: Deliveries) -> None:
        self._consumer = consumer
        self._producer = producer
        #: What was stored last, for each partition that is ours.
        self._stored: dict[TopicPartition, Mark] = {}
        #: Positions that wait for the producer to deliver.
        self._held: tuple[Barrier, dict[TopicPartition, Mark]] | None = None

    def store(self, partitions: Iterable[Partition]) -> bool:
        """Store what has moved, as far as the producer has delivered; whether something has."""
        if self._held is None:
            moved = self._moved(partitions)
            if not moved:
                return False
            self._held = self._producer.barrier(), moved
        barrier, moved = self._held
        if barrier.passed:
            self._held = None
            self._keep(moved)
        return True

    def store_now(
        self, partitions: Iterable[Partition], timeout: float
    ) -> dict[TopicPartition, int]:
        """The same for partitions that leave: wait for the producer, up to `timeout` seconds.

        Returns how far each is done, as it was stored last.
        """
        leaving = {partition.source: partition for partition in partitions}
        moved = self._moved(leaving.values())
        if moved and delivered(self._producer, timeout):
            self._keep(moved)
        stored = {s: self._stored[s].position for s in leaving if s in self._stored}
        self._forget(leaving)
        return stored

    def is_stored(self, partition: Partition) -> bool:
        """Whether what a partition is done up to is stored."""
        return partition.mark == self._stored.get(partition.source)

    def stored_at(self, source: TopicPartition) -> int | None:
        """How far a partition is done, as it was stored last; None before something is."""
        mark = self._stored.get(source)
        return None if mark is None else mark.position

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These are not ours any more."""
        self._forget({partition.source for partition in partitions})

    def _moved(self, partitions: Iterable[Partition]) -> dict[TopicPartition, Mark]:
        stored = self._stored
        marks = ((p.source, p.mark) for p in partitions)
        return {source: mark for source, mark in marks if mark and mark != stored.get(source)}

    def _keep(self, moved: dict[TopicPartition, Mark]) -> None:
        positions = {s: mark.position for s, mark in moved.items() if not mark.is_committed}
        notes = {s: mark.metadata for s, mark in moved.items() if mark.metadata is not None}
        gone = self._consumer.store(positions, notes)
        committed = {s: mark.position for s, mark in moved.items() if mark.is_committed}
        if committed:
            self._consumer.passed(committed)
        self._stored.update((s, mark) for s, mark in moved.items() if s not in gone)

    def _forget(self, sources: Iterable[TopicPartition]) -> None:
        for source in sources:
            self._stored.pop(source, None)
            if self._held is not None:
                self._held[1].pop(source, None)
