"""How many jobs there are in a queue or a dead letter queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add

from samovar.broker.port import Admin, TopicPartition, Watermarks
from samovar.engine.inspecting.queues import JobQueue, Progress, by_workers
from samovar.engine.inspecting.walk import Span, Walk
from samovar.inspection.values import NOTHING, Count, unknown

#: Up to this distance of two offsets, the records between them are read and counted.
TAIL = 500
ABOUT = "The distance of two offsets: transactions and compaction use up offsets too."
SHARED = "The progress of a share group cannot be read; only its members know it."


class OpenCounts:
    """Counts records that are not finished. What was read to count a partition is kept for as long
    as nothing changes in it.
    """

    def __init__(self, admin: Admin, *, offsets_are_dense: bool) -> None:
        """`offsets_are_dense`: every offset of this log is a record, so that none need be read."""
        self._admin = admin
        self._is_dense = offsets_are_dense
        self._read: dict[TopicPartition, tuple[Progress, Watermarks, int]] = {}

    def ready(self, queue: JobQueue) -> Count:
        """How many jobs of the queue are not finished, those that run now included."""
        if queue.is_shared:
            return unknown(SHARED)
        commits = self._admin.commits(queue.group, queue.name)
        return self.of(queue.name, lambda source: by_workers(commits.get(source)))

    def of(self, topic: str, progress: Callable[[TopicPartition], Progress]) -> Count:
        """How many records of the topic are not finished."""
        marks = self._admin.watermarks(topic)
        parts = (self._partition(source, marks[source], progress(source)) for source in marks)
        return reduce(add, parts, NOTHING)

    def _partition(self, source: TopicPartition, marks: Watermarks, progress: Progress) -> Count:
        left = progress.left(marks.low, marks.high)
        if left == 0 or self._is_dense:
            return Count(left)
        if left > TAIL:
            return Count(left, "about", ABOUT)
        known = self._read.get(source)
        if known is None or known[:2] != (progress, marks):
            span = Span(source, max(marks.low, progress.position), marks.high)
            count = sum(1 for _ in Walk(self._admin, [span], lambda _: progress))
            self._read[source] = known = (progress, marks, count)
        return Count(known[2])
