"""Jobs that kill their process are found, and in the end moved aside.

Who leaves a partition in order says so beside its position. Where that is missing, the last owner
died, and one of the next records may be why: the first of them are begun one at a time, each only
after it is committed how often it has been begun. One that has been begun too often is given up.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from samovar import events
from samovar.broker.port import Batch, Consumer, Record, TopicPartition
from samovar.engine.partition import Partition
from samovar.errors import BrokerError, WorkerDiedError
from samovar.support import clock

#: So often a job may be begun whose process died each time.
MOST_DELIVERIES = 3
#: A partition is on probation for its first records, and for so many seconds at most.
PROBATION_RECORDS = 10
PROBATION_SECONDS = 5.0

_MARK = "samovar/1"
#: The text of a partition that is left in order, and of one that is being worked on.
CLEAN = f"{_MARK} c=1"
OPEN = f"{_MARK} c=0"


@dataclass(slots=True, kw_only=True)
class Case:
    """A partition on probation."""

    #: How often records were begun, by offset, and never ended.
    counts: dict[int, int]
    #: When it ends, on the monotonic clock; infinite before its first record is here.
    until: float = math.inf
    left: int = PROBATION_RECORDS
    waiting: deque[Record] = field(default_factory=deque[Record])
    #: The record that is worked on.
    begun: Record | None = None


class Probation:
    """Belongs to one consumer; used by the listener thread only."""

    def __init__(self, *, consumer: Consumer, is_marked: Callable[[Partition], bool]) -> None:
        self._consumer = consumer
        self._is_marked = is_marked
        self._cases: dict[TopicPartition, Case] = {}
        #: Partitions that nothing has been begun in, and the offset where the others began.
        self._untouched: set[TopicPartition] = set()
        self._begun_at: dict[TopicPartition, int] = {}

    def assigned(self, sources: Sequence[TopicPartition]) -> None:
        """Look how the last owners left these."""
        try:
            commits = self._consumer.commits(sources) if sources else {}
        except BrokerError as error:
            events.announce("broker.error", error=error)
            return
        self._untouched.update(sources)
        for source, commit in commits.items():
            if commit.metadata != CLEAN:
                self._cases[source] = Case(counts=_counts(commit.metadata))

    def left(self, positions: Mapping[TopicPartition, int]) -> None:
        """Leave these in order: what they are done up to is stored, with a word that says so."""
        self._consumer.store(positions, {s: self._last_word(s) for s in positions})

    def begun_at(self, source: TopicPartition) -> int | None:
        """Where work on a partition began; None while it has not."""
        return self._begun_at.get(source)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more."""
        for source in sources:
            self._cases.pop(source, None)
            self._untouched.discard(source)
            self._begun_at.pop(source, None)

    def holds(self, source: TopicPartition) -> bool:
        """Whether records of this partition wait here, so that it should bring no more."""
        case = self._cases.get(source)
        return case is not None and bool(case.waiting)

    @property
    def is_busy(self) -> bool:
        """Whether any records wait here."""
        return any(case.waiting or case.begun for case in self._cases.values())

    def admit(self, batches: list[Batch]) -> list[Batch]:
        """Those that may be worked on at once. Before a partition's first record is, it is noted
        that it has an owner again.
        """
        if not self._untouched and not self._cases:
            return batches
        admitted: list[Batch] = []
        opening: dict[TopicPartition, int] = {}
        for batch in batches:
            if batch.source in self._untouched:
                self._untouched.discard(batch.source)
                opening[batch.source] = self._begun_at[batch.source] = batch.records[0].offset
            if (case := self._cases.get(batch.source)) is not None:
                case.waiting.extend(batch.records)
                case.until = min(case.until, clock.monotonic() + PROBATION_SECONDS)
                opening.pop(batch.source, None)
            else:
                admitted.append(batch)
        if opening:
            self._commit(opening, dict.fromkeys(opening, OPEN))
        return admitted

    def release(
        self, find: Callable[[TopicPartition], Partition | None], now: float
    ) -> list[tuple[Partition, Iterable[Record]]]:
        """What may be worked on now: the rest of partitions whose probation is over, and one
        record of the others, while none of theirs is at work.
        """
        if not self._cases:
            return []
        released: list[tuple[Partition, Iterable[Record]]] = []
        for source, case in list(self._cases.items()):
            partition = find(source)
            if partition is None or self._is_at_work(partition, case):
                continue
            if case.left <= 0 or now >= case.until:
                del self._cases[source]
                released.append((partition, case.waiting))
        if not any(case.begun for case in self._cases.values()):
            released += self._next(find)
        return released

    def _is_at_work(self, partition: Partition, case: Case) -> bool:
        if case.begun is None:
            return False
        if partition.backlog or partition.is_running or not self._is_marked(partition):
            return True
        case.counts.pop(case.begun.offset, None)
        case.begun = None
        case.left -= 1
        return False

    def _next(
        self, find: Callable[[TopicPartition], Partition | None]
    ) -> list[tuple[Partition, Iterable[Record]]]:
        """Begin with one record: where something has died before, if there is such a partition."""
        waiting = [(source, case) for source, case in self._cases.items() if case.waiting]
        if not waiting:
            return []
        source, case = max(waiting, key=lambda pair: len(pair[1].counts))
        partition, record = find(source), case.waiting[0]
        if partition is None:
            return []
        count = case.counts.get(record.offset, 0) + 1
        if count > MOST_DELIVERIES:
            if partition.condemn(record, WorkerDiedError(_died(count - 1))):
                case.counts.pop(record.offset)
                case.waiting.popleft()
            return []
        case.counts[record.offset] = count
        self._commit({source: record.offset}, {source: _text(case.counts)})
        case.begun = case.waiting.popleft()
        return [(partition, [record])]

    def _last_word(self, source: TopicPartition) -> str:
        if (case := self._cases.get(source)) is None:
            return CLEAN
        if case.begun is not None:  # whatever became of it, its process lives
            case.counts.pop(case.begun.offset, None)
        return _text(case.counts)

    def _commit(
        self, positions: Mapping[TopicPartition, int], texts: Mapping[TopicPartition, str]
    ) -> None:
        try:
            self._consumer.store(positions, texts)
            self._consumer.commit()
        except BrokerError as error:
            events.announce("broker.error", error=error)


def _died(times: int) -> str:
    return f"worker died: this job was begun {times} times, and each time its process died."


def _text(counts: Mapping[int, int]) -> str:
    told = ",".join(f"{offset}:{count}" for offset, count in sorted(counts.items()))
    return f"{OPEN} d={told}" if told else OPEN


def _counts(text: str) -> dict[int, int]:
    """How often records were begun, as told beside a position; nothing if that is not told."""
    for part in text.split(" "):
        if part.startswith("d="):
            try:
                pairs = (pair.split(":") for pair in part[2:].split(","))
                return {int(offset): int(count) for offset, count in pairs}
            except ValueError:
                return {}
    return {}
