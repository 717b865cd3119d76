"""What still runs here of partitions that have left, and how it ended.

A job that is running when its partition leaves runs on. When the partition comes back, the same job
would begin beside it: so the partition waits for it, and what has ended well is left out.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.stages import ADMIT, Admission, Skip
from samovar.engine.partitions.partition import Partition

#: A partition of one consumer group.
_Key = tuple[str, TopicPartition]


class _Run:
    """One assignment that ended while records were in work."""

    def __init__(self, partition: Partition) -> None:
        self._partition: Partition | None = partition
        self._records: Sequence[Record] = partition.in_work()
        #: Of those that were in work.
        self.offsets = [record.offset for record in self._records]
        #: What was done with in the end, by offset; known once it is at rest.
        self.finished: dict[int, Hashable] = {}

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """What of it runs now, and where it is."""
        partition = self._partition
        if partition is None or not partition.is_running:
            return []
        return [(partition.source, record) for record in partition.running]

    def settle(self) -> bool:
        """Whether nothing of it runs any more; then only how it ended is kept."""
        partition = self._partition
        if partition is None:
            return True
        if partition.is_running:
            return False
        done = (record for record in self._records if partition.has_finished(record))
        self.finished = {record.offset: _identity(record) for record in done}
        self._partition, self._records = None, ()  # which may be large
        return True


class EarlierRuns:
    """All of one partition that has come back. Also the stage that leaves out what they did."""

    def __init__(self, runs: Sequence[_Run]) -> None:
        self.runs = list(runs)
        self._finished: dict[int, Hashable] = {}

    @property
    def offsets(self) -> list[int]:
        """Of the records that were in work."""
        return [offset for run in self.runs for offset in run.offsets]

    def are_at_rest(self) -> bool:
        """Whether nothing of them runs any more. Then `admit` knows how they ended."""
        if not all([run.settle() for run in self.runs]):
            return False
        for run in self.runs:
            self._finished |= run.finished
        return True

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """See `Stage`. A record at the same place that is another one is no old acquaintance: the
        topic was made anew."""
        if self._finished.get(record.offset) == _identity(record):
            return Skip("it ended well here, in a run that began before its partition had left")
        return ADMIT


class Departed:
    """Those of all partitions of one worker, whichever of its listeners had them. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: defaultdict[_Key, list[_Run]] = defaultdict(list)
        #: All of which something may still run, whether their partitions are back or not.
        self._live: list[_Run] = []

    def keep(self, group: str, leaving: Iterable[Partition]) -> None:
        """These are leaving: remember what is in work, and what has just ended."""
        for partition in leaving:
            run = _Run(partition)
            if run.offsets:
                with self._lock:
                    # Many partitions never come back, and a run holds all that waited there.
                    for runs in self._runs.values():
                        for earlier in runs:
                            earlier.settle()
                    self._runs[group, partition.source].append(run)
                    self._live = [*(r for r in self._live if r.running), run]

    def keep_runs(self, group: str, source: TopicPartition, earlier: EarlierRuns) -> None:
        """It leaves again before its earlier runs have ended."""
        with self._lock:
            self._runs[group, source] += earlier.runs

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """The records whose jobs outlast their partition's stay, and where they are."""
        return [found for run in self._live for found in run.running]

    def take(self, group: str, source: TopicPartition) -> EarlierRuns | None:
        """It is back: its earlier runs, if there were any."""
        with self._lock:
            runs = self._runs.pop((group, source), None)
        return EarlierRuns(runs) if runs else None


def _identity(record: Record) -> Hashable:
    return record.timestamp, record.key, hash(record.value)
