"""Reading the unfinished records of many partitions in the order of their time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from samovar.broker.port import Admin, Record, TopicPartition
from samovar.engine.inspecting.queues import Progress
from samovar.inspection import cursors

#: Records of a partition that are read at a time.
BATCH = 500


@dataclass(slots=True)
class Span:
    """The part of a partition that is still to be read."""

    source: TopicPartition
    next: int
    #: The first offset that is not part of the list.
    end: int


class Walk:
    """Yields records, oldest first. Records of one time follow by topic, partition and offset.

    It knows at any moment where to go on: in each partition at the first record that was not
    yielded yet. So records of one time are neither lost nor repeated between two pages.
    """

    def __init__(
        self,
        admin: Admin,
        spans: Iterable[Span],
        progress: Callable[[TopicPartition], Progress],
        limit: int | None = None,
    ) -> None:
        """It stops after it has looked at `limit` records, finished ones included."""
        self._admin = admin
        self._spans = [span for span in spans if span.next < span.end]
        self._progress = progress
        self._limit = limit
        #: Records that were looked at, and those of them that are not finished.
        self.examined = self.unfinished = 0

    @property
    def is_over(self) -> bool:
        """Whether all was read."""
        return all(span.next >= span.end for span in self._spans)

    @property
    def cursor(self) -> str:
        """Where to go on."""
        left = [span for span in self._spans if span.next < span.end]
        return cursors.encode([[*span.source, span.next, span.end] for span in left])

    def __iter__(self) -> Iterator[tuple[TopicPartition, Record]]:
        heads: list[tuple[int, TopicPartition, int, int]] = []
        streams = [self._unfinished(span) for span in self._spans]
        records: list[Record | None] = []
        for index, stream in enumerate(streams):
            records.append(record := next(stream, None))
            if record is not None:
                heads.append((record.timestamp, self._spans[index].source, record.offset, index))
        heapify(heads)
        while heads and not self._has_enough():
            _, source, _, index = heappop(heads)
            record = records[index]
            assert record is not None
            self.examined += 1
            self.unfinished += 1
            self._spans[index].next = record.offset + 1
            yield source, record
            records[index] = record = next(streams[index], None)
            if record is not None:
                heappush(heads, (record.timestamp, source, record.offset, index))

    def _unfinished(self, span: Span) -> Iterator[Record]:
        """The unfinished records of a partition; the span moves past the finished ones."""
        progress = self._progress(span.source)
        while span.next < span.end and not self._has_enough():
            records = self._admin.read(span.source, span.next, BATCH)
            if not records:
                span.next = span.end
            for record in records:
                if record.offset >= span.end:
                    span.next = span.end
                    return
                if record.offset in progress:
                    self.examined += 1
                    span.next = record.offset + 1
                else:
                    yield record

    def _has_enough(self) -> bool:
        return self._limit is not None and self.examined >= self._limit


def spans(cursor: str, known: Iterable[str]) -> list[Span]:
    """The spans that a cursor names, of these topics.

    Raises:
        ArgumentError: it is no cursor of this list.
    """
    place: Any = cursors.decode(cursor)
    topics = frozenset(known)
    found: list[Span] = []
    try:
        for topic, partition, first, end in place:
            numbers = (partition, first, end)
            if topic not in topics or not all(type(n) is int and n >= 0 for n in numbers):
                raise cursors.refused(cursor)
            found.append(Span(TopicPartition(topic, partition), first, end))
    except (TypeError, ValueError) as error:
        raise cursors.refused(cursor) from error
    return found
