"""Finds jobs that kill their process, and gives them up.

A worker that leaves a partition in order says so in the commit metadata. Where that is missing,
the last owner died, and one of the next records may be the reason. The first records are therefore
begun one at a time, each only after the count of its begins is committed. A record that has been
begun too often is quarantined: it is given up without being performed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from samovar import events
from samovar.broker.port import Batch, Consumer, Record, TopicPartition
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.arrival import Arrival
from samovar.engine.polling.marks import Marks
from samovar.errors import BrokerError, WorkerDiedError
from samovar.support import clock, ids

#: How often a job may be begun without anybody reporting how it ended.
MAX_DELIVERIES = 3
#: The first records of a partition are suspects: this many of them, for this many seconds at most.
SUSPECT_RECORDS = 10
SUSPECT_SECONDS = 10.0
#: How long a partition that was left in order waits until the broker knows its new owner.
OPENING_SECONDS = 2.0

_NONE: Mapping[TopicPartition, Collection[int]] = MappingProxyType({})
Find = Callable[[TopicPartition], Partition | None]


class CrashGuard:
    """Belongs to one consumer; used by the listener thread only."""

    def __init__(self, *, consumer: Consumer, marks: Marks, find: Find) -> None:
        """`find` gives a partition if it is assigned to us."""
        self._consumer = consumer
        self._marks = marks
        self._find = find
        #: Partitions without any records yet, and those whose records are held back.
        self._fresh: dict[TopicPartition, Arrival] = {}
        self._arrivals: dict[TopicPartition, Arrival] = {}
        #: The partition of the suspect. One at a time: a death must point at one record.
        self._suspect_at: TopicPartition | None = None
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
            note = (
                CommitMetadata(is_clean=True)
                if commit is None
                else CommitMetadata.decode(commit.metadata)
            )
            left = 0 if note.is_clean else SUSPECT_RECORDS
            outlived = alive.get(source, ())
            counts = {at: count for at, count in note.begun.items() if at not in outlived}
            self._fresh[source] = Arrival(left=left, counts=counts)

    def left(
        self, partitions: Sequence[Partition], positions: Mapping[TopicPartition, int]
    ) -> None:
        """Leave these in order: store each position, and say so in the commit metadata."""
        done = dict(positions)
        for partition in partitions:
            # Where nothing is done it is left where work on it began, if it did.
            if partition.mark is None and partition.source in self._begun_at:
                done[partition.source] = self._begun_at[partition.source]
        metadata = {p.source: self._last_metadata(p.source) for p in partitions if p.source in done}
        self._consumer.store({source: done[source] for source in metadata}, metadata)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more."""
        for source in sources:
            self._fresh.pop(source, None)
            self._arrivals.pop(source, None)
            self._begun_at.pop(source, None)
            if source == self._suspect_at:
                self._suspect_at = None

    # For the listener.

    def admit(self, batches: list[Batch]) -> list[Batch]:
        """Those that may be worked on at once; the others are held back."""
        if not self._fresh and not self._arrivals:
            return batches
        return [batch for batch in batches if not self._holds_back(batch)]

    def release(self, now: float) -> Iterator[tuple[Partition, Sequence[Record]]]:
        """What of that which is held back may be worked on now, on the monotonic clock."""
        for source in list(self._arrivals):
            yield from self._go_on(source, now)
        if self._suspect_at is None and (suspects := self._suspects()):
            # Of those that look alike, none is always the last.
            self._suspect_at = max(
                suspects, key=lambda s: (self._arrivals[s].suspicion, ids.random())
            )
            yield from self._go_on(self._suspect_at, now)

    def clear_suspect(self) -> None:
        """The process is about to end, or other records run too: a death from now on would not
        prove that the suspect caused it.
        """
        source, self._suspect_at = self._suspect_at, None
        partition = self._find(source) if source is not None else None
        if partition is None:
            return
        arrival = self._arrivals[partition.source]
        arrival.reset_count()
        # Where the record is done with, the next position is on its way, and goes further.
        if self._marks.is_stored(partition):
            self._note(partition.source, arrival)

    def holds(self, source: TopicPartition) -> bool:
        """Whether enough records of this partition are held back: fetch no more of it."""
        arrival = self._arrivals.get(source)
        return arrival is not None and arrival.is_full

    @property
    def is_busy(self) -> bool:
        """Whether any records are held back, or a suspect runs."""
        return any(arrival.waiting or arrival.suspect for arrival in self._arrivals.values())

    def _holds_back(self, batch: Batch) -> bool:
        source = batch.source
        if (arrival := self._fresh.pop(source, None)) is not None:
            seconds = SUSPECT_SECONDS if arrival.left else OPENING_SECONDS
            arrival.until = clock.monotonic() + seconds
            self._arrivals[source] = arrival
            self._begun_at[source] = batch.records[0].offset
        if (arrival := self._arrivals.get(source)) is None:
            return False
        arrival.waiting.extend(batch.records)
        return True

    def _suspects(self) -> list[TopicPartition]:
        """Partitions of which a record could be suspect."""
        arrivals = self._arrivals.items()
        return [
            s
            for s, arrival in arrivals
            if arrival.left and arrival.waiting and not arrival.is_begun
        ]

    def _go_on(
        self, source: TopicPartition, now: float
    ) -> Iterator[tuple[Partition, Sequence[Record]]]:
        partition = self._find(source)
        if partition and (records := self._step(partition, self._arrivals[source], now)):
            yield partition, records

    def _step(self, partition: Partition, arrival: Arrival, now: float) -> Sequence[Record]:
        """What of this partition may be worked on now."""
        source = partition.source
        if arrival.is_begun and self._is_done(partition):
            arrival.clear()
            self._note(source, arrival)
        if arrival.is_cleared and self._consumer.is_committed(source):
            arrival.is_cleared = False
            self._suspect_at = None if self._suspect_at == source else self._suspect_at
        if now >= arrival.until or (arrival.is_begun and _gives_way(partition, arrival)):
            return self._end(partition, arrival)
        is_next = arrival.waiting and not (arrival.is_begun or arrival.is_cleared)
        if not is_next or (arrival.left and source != self._suspect_at):
            return ()
        if arrival.left and not arrival.is_noted and not partition.reserve():
            # It is not begun before an executor is free for it, and so is not said to be.
            return ()
        if not arrival.is_noted:
            self._announce(partition, arrival)
        if not self._consumer.is_committed(source):
            return ()
        return arrival.begin() if arrival.left else self._end(partition, arrival)

    def _announce(self, partition: Partition, arrival: Arrival) -> None:
        """Have noted what comes next: it begins once that is committed."""
        arrival.is_noted = True
        if arrival.left and (deaths := arrival.count_begin(MAX_DELIVERIES)) is not None:
            partition.quarantine(arrival.waiting[0], WorkerDiedError(_died(deaths)))
        self._note(partition.source, arrival)

    def _end(self, partition: Partition, arrival: Arrival) -> Sequence[Record]:
        """Let all waiting records begin. The suspect does not run alone any more then, unless it is
        the only one and merely slow.
        """
        source = partition.source
        is_alone = source == self._suspect_at and self._suspects() in ([], [source])
        if arrival.left and (partition.is_waiting or not is_alone):
            self.clear_suspect()
        if source == self._suspect_at:
            self._suspect_at = None
        del self._arrivals[source]
        return arrival.waiting

    def _is_done(self, partition: Partition) -> bool:
        """Whether the suspect is done with, and its position stored."""
        is_at_work = partition.backlog or partition.is_running
        return not is_at_work and self._marks.is_stored(partition)

    def _last_metadata(self, source: TopicPartition) -> str:
        arrival = self._arrivals.get(source)
        if arrival is None or not arrival.left:
            return CommitMetadata(is_clean=True).encode()
        arrival.reset_count()
        return CommitMetadata(
            begun={at: count for at, count in arrival.counts.items() if count}
        ).encode()

    def _note(self, source: TopicPartition, arrival: Arrival) -> None:
        position = self._marks.stored_at(source)
        if position is None:
            position = self._begun_at[source]
        try:
            self._consumer.store(
                {source: position}, {source: CommitMetadata(begun=arrival.counts).encode()}
            )
            self._consumer.commit_soon()
        except BrokerError as error:
            events.announce("broker.error", error=error)


def _gives_way(partition: Partition, arrival: Arrival) -> bool:
    """Whether the suspect waits to be retried: meanwhile it can do no harm."""
    return partition.is_waiting and not arrival.is_hopeless


def _died(times: int) -> str:
    return (
        f"worker died: this job was begun {times} times, and nobody reported how it ended. Its "
        f"process died, or could not keep its partition while the job ran."
    )
