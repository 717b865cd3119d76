"""Jobs that kill their process are found, and in the end moved aside.

Who leaves a partition in order says so beside its position. Where that is missing, the last owner
died, and one of the next records may be why: the first of them are begun one at a time, each only
after it is noted how often it has been begun. One that has been begun too often is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from samovar import events
from samovar.broker.port import Batch, Consumer, Record, TopicPartition
from samovar.engine.partitions.commit_metadata import Note
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.arrival import Case
from samovar.engine.polling.marks import Marks
from samovar.errors import BrokerError, WorkerDiedError
from samovar.support import clock, ids

#: How often a job may be begun without a report of its end.
MOST_DELIVERIES = 3
#: A partition is on probation for its first records, and for so many seconds at most.
PROBATION_RECORDS = 10
PROBATION_SECONDS = 10.0
#: How long one that was left in order waits for the note that it has an owner again.
OPENING_SECONDS = 2.0

_NONE: Mapping[TopicPartition, Collection[int]] = MappingProxyType({})
Find = Callable[[TopicPartition], Partition | None]


class Probation:
    """Belongs to one consumer; used by the listener thread only."""

    def __init__(self, *, consumer: Consumer, marks: Marks, find: Find) -> None:
        """`find` tells a partition that is ours."""
        self._consumer = consumer
        self._marks = marks
        self._find = find
        #: Partitions of which nothing has come yet, and those whose records are held back.
        self._fresh: dict[TopicPartition, Case] = {}
        self._cases: dict[TopicPartition, Case] = {}
        #: Where a record is on trial: in one partition at a time, or a death would blame several.
        self._trial: TopicPartition | None = None
        #: The offset where work on a partition began.
        self._begun_at: dict[TopicPartition, int] = {}

    # For the assignment.

    def assigned(
        self,
        sources: Sequence[TopicPartition],
        alive: Mapping[TopicPartition, Collection[int]] = _NONE,
    ) -> None:
        """Look how the last owners left these. Records of which this very process knows that it has
        outlived them are `alive`.
        """
        try:
            commits = self._consumer.commits(sources) if sources else {}
        except BrokerError as error:
            events.announce("broker.error", error=error)
            return
        for source in sources:
            commit = commits.get(source)
            note = Note(is_clean=True) if commit is None else Note.decode(commit.metadata)
            left = 0 if note.is_clean else PROBATION_RECORDS
            outlived = alive.get(source, ())
            counts = {at: count for at, count in note.begun.items() if at not in outlived}
            self._fresh[source] = Case(left=left, counts=counts)

    def left(
        self, partitions: Sequence[Partition], positions: Mapping[TopicPartition, int]
    ) -> None:
        """Leave these in order: how far each is done is stored, with a word that says so."""
        done = dict(positions)
        for partition in partitions:
            # Where nothing is done it is left where work on it began, if it did.
            if partition.mark is None and partition.source in self._begun_at:
                done[partition.source] = self._begun_at[partition.source]
        words = {p.source: self._last_word(p.source) for p in partitions if p.source in done}
        self._consumer.store({source: done[source] for source in words}, words)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more."""
        for source in sources:
            self._fresh.pop(source, None)
            self._cases.pop(source, None)
            self._begun_at.pop(source, None)
            if source == self._trial:
                self._trial = None

    # For the listener.

    def admit(self, batches: list[Batch]) -> list[Batch]:
        """Those that may be worked on at once; the others are held back."""
        if not self._fresh and not self._cases:
            return batches
        return [batch for batch in batches if not self._holds_back(batch)]

    def release(self, now: float) -> Iterator[tuple[Partition, Sequence[Record]]]:
        """What of that which is held back may be worked on now, on the monotonic clock."""
        for source in list(self._cases):
            yield from self._go_on(source, now)
        if self._trial is None and (suspects := self._suspects()):
            # Of those that look alike, none is always the last.
            self._trial = max(suspects, key=lambda s: (self._cases[s].suspicion, ids.random()))
            yield from self._go_on(self._trial, now)

    def excuse(self) -> None:
        """The process is to end, or others are at work too: that it dies from now on would not
        tell that it was the record on trial.
        """
        source, self._trial = self._trial, None
        partition = self._find(source) if source is not None else None
        if partition is None:
            return
        case = self._cases[partition.source]
        case.excuse()
        # Where the record is done with, the next position is on its way, and goes further.
        if self._marks.is_stored(partition):
            self._note(partition.source, case)

    def holds(self, source: TopicPartition) -> bool:
        """Whether so much of this partition is held back that it should bring no more."""
        case = self._cases.get(source)
        return case is not None and case.is_full

    @property
    def is_busy(self) -> bool:
        """Whether any records are held back, or on trial."""
        return any(case.waiting or case.tried for case in self._cases.values())

    def _holds_back(self, batch: Batch) -> bool:
        source = batch.source
        if (case := self._fresh.pop(source, None)) is not None:
            seconds = PROBATION_SECONDS if case.left else OPENING_SECONDS
            case.until = clock.monotonic() + seconds
            self._cases[source] = case
            self._begun_at[source] = batch.records[0].offset
        if (case := self._cases.get(source)) is None:
            return False
        case.waiting.extend(batch.records)
        return True

    def _suspects(self) -> list[TopicPartition]:
        """Partitions of which a record could be tried."""
        cases = self._cases.items()
        return [s for s, case in cases if case.left and case.waiting and not case.is_begun]

    def _go_on(
        self, source: TopicPartition, now: float
    ) -> Iterator[tuple[Partition, Sequence[Record]]]:
        partition = self._find(source)
        if partition and (records := self._step(partition, self._cases[source], now)):
            yield partition, records

    def _step(self, partition: Partition, case: Case, now: float) -> Sequence[Record]:
        """What of this partition may be worked on now."""
        source = partition.source
        if case.is_begun and self._is_done(partition):
            case.acquit()
            self._note(source, case)
        if case.is_acquitted and self._consumer.is_committed(source):
            case.is_acquitted = False
            self._trial = None if self._trial == source else self._trial
        if now >= case.until or (case.is_begun and _gives_way(partition, case)):
            return self._end(partition, case)
        is_next = case.waiting and not (case.is_begun or case.is_acquitted)
        if not is_next or (case.left and source != self._trial):
            return ()
        if case.left and not case.is_noted and not partition.reserve():
            # It is not begun before an executor is free for it, and so is not said to be.
            return ()
        if not case.is_noted:
            self._announce(partition, case)
        if not self._consumer.is_committed(source):
            return ()
        return case.begin() if case.left else self._end(partition, case)

    def _announce(self, partition: Partition, case: Case) -> None:
        """Have noted what comes next: it begins once that is committed."""
        case.is_noted = True
        if case.left and (deaths := case.accuse(MOST_DELIVERIES)) is not None:
            partition.condemn(case.waiting[0], WorkerDiedError(_died(deaths)))
        self._note(partition.source, case)

    def _end(self, partition: Partition, case: Case) -> Sequence[Record]:
        """All that waits may be worked on. With it, the record on trial is not alone any more:
        unless it is the only suspect, and just takes its time.
        """
        source = partition.source
        is_alone = source == self._trial and self._suspects() in ([], [source])
        if case.left and (partition.is_waiting or not is_alone):
            self.excuse()
        if source == self._trial:
            self._trial = None
        del self._cases[source]
        return case.waiting

    def _is_done(self, partition: Partition) -> bool:
        """Whether the record on trial is done with, and that is stored."""
        is_at_work = partition.backlog or partition.is_running
        return not is_at_work and self._marks.is_stored(partition)

    def _last_word(self, source: TopicPartition) -> str:
        case = self._cases.get(source)
        if case is None or not case.left:
            return Note(is_clean=True).encode()
        case.excuse()
        return Note(begun={at: count for at, count in case.counts.items() if count}).encode()

    def _note(self, source: TopicPartition, case: Case) -> None:
        position = self._marks.stored_at(source)
        if position is None:
            position = self._begun_at[source]
        try:
            self._consumer.store({source: position}, {source: Note(begun=case.counts).encode()})
            self._consumer.commit_soon()
        except BrokerError as error:
            events.announce("broker.error", error=error)


def _gives_way(partition: Partition, case: Case) -> bool:
    """Whether the record on trial waits for its time, in which it can do no harm."""
    return partition.is_waiting and not case.is_hopeless


def _died(times: int) -> str:
    return (
        f"worker died: this job was begun {times} times, and nobody reported how it ended. Its "
        f"process died, or could not keep its partition while the job ran."
    )
