"""One partition while it is ours, as the listener, the executors and the marks see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.consumption import LeaveReason
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.processes.work import Work
from samovar.support.tenure import Tenure


class Mark(NamedTuple):
    """How far a partition is done."""

    #: Offset of the next record to work on.
    position: int
    #: Commit metadata for the next owner; None for partitions that never have any.
    metadata: str | None = None
    #: Whether a transaction has committed it: then it must not be committed once more.
    is_committed: bool = False


class Partition(Work, Protocol):
    """What every kind of coordinator can do."""

    #: Whether the listener has paused this partition in the broker.
    paused: bool

    @property
    def tenure(self) -> Tenure:
        """How long it belongs to this worker."""
        ...

    @property
    def source(self) -> TopicPartition:
        """Which partition it is."""
        ...

    @property
    def has_memory(self) -> bool:
        """Whether `recall` must give it the commit metadata of its earlier owner."""
        ...

    @property
    def is_one_by_one(self) -> bool:
        """Whether its records, offered one at a time, are also done with one at a time: then it can
        be told which of them its process died of.
        """
        ...

    @property
    def mark(self) -> Mark | None:
        """What may be marked now; None before there is something."""
        ...

    @property
    def transactions(self) -> TransactionalMarks | None:
        """What is marked in transactions; None where nothing is."""
        ...

    # For the listener.

    def recall(self, metadata: str) -> None:
        """What was committed beside the position where this partition begins."""
        ...

    def offer(self, records: Iterable[Record]) -> int:
        """Take records; how many executors are invited, each by one place in the work queue."""
        ...

    def wake(self, now: float) -> int:
        """Go on with what waited until `now` on the monotonic clock; how many are invited."""
        ...

    @property
    def backlog(self) -> int:
        """How many records wait or are worked on."""
        ...

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for `due`, and nothing else can be done before."""
        ...

    @property
    def due(self) -> float:
        """When the next thing that waits is due, on the monotonic clock; infinite if none is."""
        ...

    def pauses(self, now: float) -> bool:
        """Whether nothing is to be fetched, `now` on the monotonic clock, though there is room."""
        ...

    def reserve(self) -> bool:
        """Have an executor wait for the next record; whether one does. For what is one by one."""
        ...

    def quarantine(self, record: Record, error: Exception) -> None:
        """Move this record aside unperformed, once it is offered; for what is one by one only."""
        ...

    def finish(self) -> None:
        """Let no further job begin that need not: what belongs together may still be ended."""
        ...

    def leave(self) -> None:
        """The partition is on its way to another worker: no further job begins."""
        ...

    def on_leave(self, why: LeaveReason) -> Callable[[], None] | None:
        """What says good-bye to the consumer of a plain topic, if there is one, and is called once
        the partition is at rest. What a consumer marks from now on comes too late.
        """
        ...

    def wait_until_at_rest(self, timeout: float) -> bool:
        """Wait until no job of this partition runs; whether that came about in time."""
        ...

    @property
    def is_running(self) -> bool:
        """Whether a job of this partition runs now, or still has to before it is finished."""
        ...

    def in_work(self) -> tuple[Record, ...]:
        """All records that an executor has begun and not ended; some that have just ended, too."""
        ...

    def has_finished(self, record: Record) -> bool:
        """Whether a record that was in work is done with; asked once the partition is at rest."""
        ...

    @property
    def running(self) -> tuple[Record, ...]:
        """The records whose jobs run; a snapshot for other threads."""
        ...
