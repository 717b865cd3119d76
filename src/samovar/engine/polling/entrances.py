"""Partitions that have come, and whose records may not be worked on yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from samovar.broker.port import Batch, Record, TopicPartition
from samovar.engine.partitions.earlier_runs import EarlierRuns


class Entrances:
    """Belongs to one consumer; used by the listener thread only."""

    def __init__(self, is_settled: Callable[[], bool]) -> None:
        """`is_settled`: whether partitions that have come are likely to stay."""
        self._is_settled = is_settled
        #: Those that wait, and for what.
        self._waiting: dict[TopicPartition, EarlierRuns | None] = {}
        #: What came of them meanwhile.
        self._records: dict[TopicPartition, list[Record]] = {}

    def assigned(self, source: TopicPartition, earlier: EarlierRuns | None) -> None:
        """It has come: hold it back until nothing of `earlier` runs any more."""
        if earlier is not None or not self._is_settled():
            self._waiting[source] = earlier

    def forget(self, source: TopicPartition) -> EarlierRuns | None:
        """It is not ours any more; what it waited for."""
        self._records.pop(source, None)
        return self._waiting.pop(source, None)

    def admit(self, batches: list[Batch]) -> list[Batch]:
        """Those that may be worked on now, with what was held back before."""
        if not self._waiting:
            return batches
        opened = list(self._open())
        passed: list[Batch] = []
        for batch in batches:
            if batch.source in self._waiting:
                self._records.setdefault(batch.source, []).extend(batch.records)
            else:
                passed.append(batch)
        return opened + passed

    def holds(self, source: TopicPartition) -> bool:
        """Whether this partition should bring no more records."""
        return source in self._waiting

    def _open(self) -> Iterator[Batch]:
        if not self._is_settled():
            return
        for source, earlier in list(self._waiting.items()):
            if earlier is None or earlier.are_at_rest():
                del self._waiting[source]
                if records := self._records.pop(source, None):
                    yield Batch(source, records)

    @property
    def waiting(self) -> Sequence[TopicPartition]:
        """The partitions that wait."""
        return tuple(self._waiting)
