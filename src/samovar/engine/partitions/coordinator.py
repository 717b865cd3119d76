"""One partition whose jobs are performed one at a time, in order.

The listener offers records and reads the position; one executor at a time works them off.
The queue of waiting records is the only thing both touch: the listener appends, the executor
takes from the front and only after a record is done, so a retry finds it where it was.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.consumption import Consumption, LeaveReason
from samovar.engine.failing.recovery import DeadLetterDispatch, Recovery
from samovar.engine.flow.decisions import Abandon, DeadLetter, Drop, Stop
from samovar.engine.flow.long_running import LongRunning
from samovar.engine.flow.stages import ADMIT, Admission, Hold, Skip, Stage
from samovar.engine.partitions.partition import Mark
from samovar.engine.partitions.watching import watched
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.topic import Topic
from samovar.errors import BrokerError
from samovar.job.outcome import DONE, FAILURES, Failed, Failure, Poison
from samovar.processes.work import Perform
from samovar.support import clock, forks
from samovar.support.tenure import Tenure

#: One wait of an executor for the record that it is reserved for, in seconds.
RESERVED_SECONDS = 0.05
#: How long a partition waits that has to find out what is committed, in seconds.
DOUBT_SECONDS = 1.0


class Phase(Enum):
    """Where a partition's work stands."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"


class Coordinator:
    """The gatekeeper of one partition in the present assignment. A `Partition`."""

    has_memory = False

    def __init__(
        self,
        *,
        source: TopicPartition,
        topic: Topic,
        dispatch_dead: DeadLetterDispatch,
        stop_process: Callable[[BaseException], None],
        invite: Callable[[Coordinator], None] = lambda _: None,
        gate: Stage | None = None,
        consumption: Consumption | None = None,
        transactions: TransactionalMarks | None = None,
    ) -> None:
        """`invite` gives an executor an invitation. `consumption`: the records are no jobs, but
        worked on by a consumer. `transactions`: what marks some of them in transactions.
        """
        self.source = source
        self.topic = topic
        self.transactions = transactions
        if transactions is not None:
            transactions.passed = self.passed
        self.tenure = Tenure()
        #: Records that wait, the one being worked on in front.
        self.pending: deque[Record] = deque()
        #: Offset of the next record to work on; None before the first one is done.
        self.position: int | None = None
        #: The record that was done with last.
        self.last: Record | None = None
        #: Set by the listener: no further job may begin.
        self.interrupted = False
        #: Whether the listener has paused this partition in the broker.
        self.paused = False
        #: What becomes of the record in front when it fails.
        self.recovery = Recovery(
            source=source,
            topic=topic,
            dispatch_dead=dispatch_dead,
            tenure=self.tenure,
            transactions=transactions,
        )
        self._due = 0.0
        self._stop_process = stop_process
        self._gate = gate
        self._consumption = consumption
        self._invite_executor = invite
        #: Whether an executor is to wait here for a record, and whether one does.
        self._is_reserved = self._is_manned = False
        #: Not to be performed, and why not.
        self._quarantined: tuple[Record, Poison] | None = None
        self._long_running = LongRunning() if topic.long_running else None
        #: Whether its consumer's tick is due.
        self._must_tick = False
        #: Whether the partition waits once its executor lets go of it.
        self._must_wait = False
        #: Guarded by `_lock`, which also tells of its changes.
        self._phase = Phase.IDLE
        self._lock = threading.Condition()

    @property
    def is_one_by_one(self) -> bool:
        """Whether what is offered alone is done with alone: not with marks by hand."""
        return not self.topic.manual_marks

    @property
    def mark(self) -> Mark | None:
        """What may be marked now."""
        position = self.position
        if position is None:
            return None
        if self.transactions is not None and self.transactions.covers(position):
            return Mark(position, is_committed=True)
        return Mark(position)

    def recall(self, metadata: str) -> None:
        """Nothing is left for it: what is in order has no gaps."""

    def offer(self, records: Iterable[Record]) -> int:
        """Append records; 1 when the partition was idle and must be queued now."""
        self.pending.extend(records)
        if self._is_reserved:
            with self._lock:
                self._lock.notify_all()
        return self.awake(Phase.IDLE)

    def reserve(self) -> bool:
        """Have an executor wait for the next record; whether one does."""
        with self._lock:
            if self._phase is Phase.IDLE and not self.interrupted:
                self._phase, self._is_reserved = Phase.QUEUED, True
                self._invite_executor(self)
            return self._is_manned

    def wake(self, now: float) -> int:
        """1 when what it waited for has come, or a tick is due, and it must be queued now."""
        if self._consumption is not None and self._consumption.ticks_at <= now:
            with self._lock:
                if self._phase is Phase.IDLE and not self.interrupted:
                    self._phase, self._must_tick = Phase.QUEUED, True
                    return 1
        return self.due <= now and self.awake(Phase.WAITING)

    def awake(self, phase: Phase) -> bool:
        """Go from `phase` to queued, or to idle without work; True when it is queued."""
        with self._lock:
            if self._phase is not phase or self.interrupted:
                return False
            self._phase = Phase.QUEUED if self.pending else Phase.IDLE
            return bool(self.pending)

    def begin(self) -> bool:
        """An executor takes the partition; False when it must not be worked on any more."""
        with self._lock:
            self._phase = Phase.IDLE if self.interrupted else Phase.RUNNING
            self._lock.notify_all()
            return self._phase is Phase.RUNNING

    def share(self, perform: Perform) -> bool:
        """Perform up to `max_messages` jobs; whether more can be done at once."""
        if self._is_reserved:
            self._await_record()
        if self.transactions is not None and not self._is_certain(self.transactions):
            return False
        if self._quarantined is not None:
            return self._give_up(*self._quarantined)
        if self._consumption is not None:
            if self._must_tick:
                self._must_tick = False
                self._consumption.tick(self)
                return bool(self.pending)
            return self._consumption.share(self)
        return self._perform(perform)

    def passed(self, offset: int) -> None:
        """All up to this offset is done."""
        self.pass_over(offset)
        if self.position is None or self.position <= offset:
            self.position = offset + 1
        if self.recovery.attempt:
            self.recovery.succeeded()

    def pass_over(self, offset: int) -> None:
        """Drop what waits up to this offset."""
        while self.pending and self.pending[0].offset <= offset:
            self.pending.popleft()

    def _is_certain(self, transactions: TransactionalMarks) -> bool:
        """Whether it is known where to go on; if not, the partition waits."""
        if self.interrupted or forks.is_child:
            return not transactions.is_in_doubt
        try:
            transactions.resolve()
        except BrokerError as error:
            events.announce("broker.error", error=error)
            self.wait(DOUBT_SECONDS)
            return False
        return True

    def _await_record(self) -> None:
        with self._lock:
            self._is_manned = True
            while not (self.pending or self.interrupted):
                self._lock.wait(RESERVED_SECONDS)
            self._is_manned = self._is_reserved = False

    def end(self) -> bool:
        """The executor lets go; True when more is waiting, and the partition is queued again."""
        with self._lock:
            more = bool(self.pending) and not self.interrupted and not self._must_wait
            if self._must_wait:
                self._phase = Phase.WAITING
            else:
                self._phase = Phase.QUEUED if more else Phase.IDLE
            if not self.pending:
                self.recovery.rested()
            self._must_wait = False
            self._lock.notify_all()
            return more

    def failed(self, record: Record, failure: Failure) -> bool:
        """Decide about a failed record; True when the executor goes on behind it."""
        decision = self.recovery.failed(record, failure)
        if isinstance(decision, Stop):
            self.interrupted = True
            self._stop_process(failure.error)
            return False
        if isinstance(decision, Abandon):
            return False
        if isinstance(decision, DeadLetter | Drop):
            if not decision.after:
                return True
            self._finish(record)
        self.wait(decision.after)
        return False

    def wait(self, seconds: float) -> None:
        """Let the partition wait once its executor lets go of it."""
        self._due = clock.monotonic() + seconds
        self._must_wait = True

    def pauses(self, now: float) -> bool:
        """Whether the job that runs is a long one, and its topic fetches nothing behind such."""
        if self._long_running is None:
            return False
        return self._long_running.pauses(next(iter(self.running), None), now)

    def quarantine(self, record: Record, error: Exception) -> None:
        """Move this record aside unperformed, once it is offered."""
        self._quarantined = record, Poison(error)

    def interrupt(self) -> None:
        """Let no further job begin."""
        self.interrupted = True

    def finish(self) -> None:
        """Let no further job begin: they do not belong together."""
        self.interrupted = True

    def leave(self) -> None:
        """The partition is on its way to another worker."""
        self.interrupted = self.tenure.is_ending = True
        if self.transactions is not None:
            self.transactions.leave()
        if self._consumption is not None:
            self._consumption.leave()

    def on_leave(self, why: LeaveReason) -> Callable[[], None] | None:
        """What says good-bye to its consumer, if it has one, once no batch runs."""
        if self.transactions is not None:
            self.transactions.left()
        return self._consumption.on_leave(why) if self._consumption is not None else None

    def wait_until_at_rest(self, timeout: float) -> bool:
        """Wait until no job of this partition runs; whether that came about in time."""
        with self._lock:
            return self._lock.wait_for(lambda: self._phase is not Phase.RUNNING, timeout)

    @property
    def backlog(self) -> int:
        """How many records wait or are worked on."""
        return len(self.pending)

    @property
    def is_running(self) -> bool:
        """Whether a job of this partition runs now."""
        return self._phase is Phase.RUNNING

    @property
    def running(self) -> tuple[Record, ...]:
        """The record whose job runs; a snapshot for other threads."""
        try:
            return (self.pending[0],) if self.is_running else ()
        except IndexError:
            return ()

    def in_work(self) -> tuple[Record, ...]:
        """The record whose job runs, or all of the batch; and the one before."""
        batch = self._consumption.batch if self._consumption is not None else ()
        before = () if self.last is None else (self.last,)
        return (*before, *(batch or self.running))

    def has_finished(self, record: Record) -> bool:
        """Whether the partition has gone past it."""
        return self.position is not None and record.offset < self.position

    @property
    def is_waiting(self) -> bool:
        """Whether the partition waits before it goes on."""
        return self._phase is Phase.WAITING

    @property
    def due(self) -> float:
        """When it goes on, on the monotonic clock; infinite if it does not wait."""
        return self._due if self._phase is Phase.WAITING else math.inf

    def _perform(self, perform: Perform) -> bool:
        """The share of a queue of jobs.

        This loop is the hot path: per job it pays for the job, a look at three flags, and the new
        position.
        """
        pending, recovery = self.pending, self.recovery
        admit = None if self._gate is None else self._gate.admit
        tenure = self.tenure
        perform_record = watched(perform, self.source, tenure)
        for _ in range(min(len(pending), self.topic.max_messages)):
            if self.interrupted or forks.is_child:
                return False
            record = pending[0]
            try:
                if (
                    admit is None
                    or (answer := admit(record, clock.now(), recovery.attempt)) is ADMIT
                ):
                    repeats = recovery.repeats_of(record) if recovery.attempt else 0
                    if perform_record is None:
                        outcome = perform(record.value, tenure, repeats)
                    else:
                        outcome = perform_record(record, repeats)
                elif self._is_held(record, answer):
                    return False
                else:
                    outcome = DONE
            except BaseException as error:  # a filter's, or a child's that a job has forked
                outcome = Failed(error)
            if outcome is not DONE and isinstance(outcome, FAILURES):
                if not self._goes_on_after(record, outcome):
                    return False
            elif recovery.attempt:
                recovery.succeeded()
            self.last = pending.popleft()
            self.position = record.offset + 1
        return bool(pending)

    def _goes_on_after(self, record: Record, failure: Failure) -> bool:
        """Decide about a failure; whether more can be done at once."""
        if forks.is_child:
            forks.leave(failure.error)
        return self.failed(record, failure)

    def _is_held(self, record: Record, answer: Admission) -> bool:
        """Act on the gate's refusal; False when the record is to be passed over."""
        if isinstance(answer, Hold):
            self.wait(answer.until - clock.now())
            return True
        if isinstance(answer, Skip):
            self.recovery.skipped(record, answer)
        return False

    def _give_up(self, record: Record, failure: Poison) -> bool:
        """Move it aside, or try again later; whether more can be done at once."""
        if self.interrupted or forks.is_child:
            return False
        is_done = self.failed(record, failure)
        if is_done:
            self._finish(record)
        if not self.pending or self.pending[0] is not record:
            self._quarantined = None
        return is_done and bool(self.pending)

    def _finish(self, record: Record) -> None:
        self.last = self.pending.popleft()
        self.position = record.offset + 1
