"""One partition whose jobs are performed side by side, as far as their lanes allow.

The listener offers records; several executors take what is ready. What is done beyond the lowest
unfinished record is stored for the next owner as commit metadata.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable

from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.consumption import LeaveReason
from samovar.engine.failing.recovery import DeadLetterDispatch, Recovery
from samovar.engine.flow.decisions import Abandon, DeadLetter, Drop, Retry, Stop
from samovar.engine.flow.stages import ADMIT, Hold, Skip, Stage
from samovar.engine.partitions.batches import Batches
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.partitions.executors import Executors
from samovar.engine.partitions.lanes import LaneOf, Lanes
from samovar.engine.partitions.partition import Mark
from samovar.engine.partitions.underway import Underway
from samovar.engine.partitions.watching import watched
from samovar.engine.routing.topic import Topic
from samovar.job.outcome import DONE, FAILURES, Failed, Failure
from samovar.processes.work import Perform
from samovar.support import clock, forks
from samovar.support.tenure import Tenure

#: Most records that are admitted and not finished at once: performed, waiting behind others of
#: their lane, or for their next attempt. With more, the note of what is finished between them
#: might not fit beside the position.
MAX_UNDERWAY = 700


class LaneCoordinator:
    """The gatekeeper of one partition in the present assignment. A `Partition`."""

    has_memory = True
    transactions = None
    is_one_by_one = False

    def __init__(
        self,
        *,
        source: TopicPartition,
        topic: Topic,
        dispatch_dead: DeadLetterDispatch,
        stop_process: Callable[[BaseException], None],
        executors: int,
        invite: Callable[[LaneCoordinator], None],
        lane_of: LaneOf | None = None,
        batches: Batches | None = None,
        gate: Stage | None = None,
    ) -> None:
        """`invite` gives one more executor an invitation. Without `lane_of` or `batches` no record
        waits for another."""
        self.source = source
        self.topic = topic
        self.tenure = Tenure()
        #: Whether the listener has paused this partition in the broker.
        self.paused = False
        #: No further job may begin.
        self.interrupted = False
        self._dispatch_dead = dispatch_dead
        self._stop_process = stop_process
        self._invite_executor = invite
        self._gate = gate
        self._executors = Executors(executors)
        #: Guards all that follows.
        self._lock = self._executors.lock
        #: Received, and not yet admitted.
        self._arrived: deque[Record] = deque()
        self._underway = Underway()
        self._batches = batches
        self._lanes = Lanes(lane_of if batches is None else batches.lane_of)
        #: Of a batch that is to be collapsed: what is not in work any more.
        self._pool: list[Record] = []
        #: Whether the batch is the last one.
        self._is_closing = False
        self._mark: Mark | None = None
        #: What will be ready again, by the time when it is due on the monotonic clock.
        self._asleep: list[tuple[float, int, Record]] = []
        #: Those that have failed, by offset.
        self._failing: dict[int, Recovery] = {}
        #: Until then the gate lets nothing pass, on the monotonic clock.
        self._closed_until = -math.inf

    def recall(self, metadata: str) -> None:
        """What was committed beside the position where this partition begins."""
        self._underway.recall(CommitMetadata.decode(metadata).finished)

    @property
    def mark(self) -> Mark | None:
        """What may be marked now; of a batch that is spread over lanes, all or nothing, unless it
        will not be ended here.
        """
        with self._lock:
            is_last = self.interrupted or self._is_closing
            if is_last or not (self._is_spread and self._underway.unfinished):
                self._renew_mark()
            return self._mark

    def offer(self, records: Iterable[Record]) -> int:
        """Take records; how many executors are invited to them."""
        with self._lock:
            self._arrived.extend(records)
            return self._invite()

    def wake(self, now: float) -> int:
        """Make ready what is due; how many executors are invited."""
        with self._lock:
            while self._asleep and self._asleep[0][0] <= now and not self._is_closing:
                self._lanes.ready.appendleft(heapq.heappop(self._asleep)[2])
            return self._invite()

    @property
    def backlog(self) -> int:
        """How many records wait or are worked on."""
        return len(self._arrived) + len(self._underway)

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for `due`, and nothing else can be done before."""
        with self._lock:
            return not self._executors.is_present and not self._has_ready() and self.due < math.inf

    @property
    def due(self) -> float:
        """When the next thing that waits is due, on the monotonic clock; infinite if none is."""
        with self._lock:
            if self._is_closed:
                return self._closed_until
            return self._asleep[0][0] if self._asleep else math.inf

    def pauses(self, now: float) -> bool:
        """Never: others may run beside a job that takes its time."""
        return False

    def reserve(self) -> bool:
        """Nothing is tried here, and so nobody need wait for it."""
        return True

    def quarantine(self, record: Record, error: Exception) -> None:
        """Never: side by side nobody can know which job its process died of."""

    def interrupt(self) -> None:
        """Let no further job begin."""
        self.interrupted = True

    def leave(self) -> None:
        """The partition is on its way to another worker."""
        self.interrupted = self.tenure.is_ending = True

    def on_leave(self, why: LeaveReason) -> None:
        """Nobody hears it: these are jobs."""

    def finish(self) -> None:
        """Let the batch that is in work be the last one; where there are none, interrupt."""
        if self._batches is None:
            self.interrupted = True
        self._is_closing = True

    def wait_until_at_rest(self, timeout: float) -> bool:
        """Wait until no job of this partition runs; whether that came about in time."""
        return self._executors.wait_until_gone(timeout)

    @property
    def is_running(self) -> bool:
        """Whether a job of this partition runs now, or still has to before it is finished."""
        with self._lock:
            return self._executors.is_present or (self._is_closing and self._has_ready())

    @property
    def running(self) -> tuple[Record, ...]:
        """The records whose jobs run; a snapshot for other threads."""
        return tuple(self._executors.at_work.values())

    def in_work(self) -> tuple[Record, ...]:
        """The records whose jobs run."""
        return self.running

    def has_finished(self, record: Record) -> bool:
        """Whether its job has ended well, or was moved aside."""
        return self._underway.has_finished(record.offset)

    def begin(self) -> bool:
        """An executor accepts its invitation."""
        with self._lock:
            self._executors.come()
        return True

    def share(self, perform: Perform) -> bool:
        """Perform up to `max_messages` jobs; whether more can be done at once."""
        at_work, me = self._executors.at_work, threading.get_ident()
        perform_record = watched(perform, self.source, self.tenure)
        for _ in range(self.topic.max_messages):
            record = self._next()
            if record is None:
                return False
            at_work[me] = record
            try:
                failing = self._failing.get(record.offset)
                repeats = failing.repeats_of(record) if failing else 0
                if perform_record is None:
                    outcome = perform(record.value, self.tenure, repeats)
                else:
                    outcome = perform_record(record, repeats)
            except BaseException as error:  # a child's that a job has forked
                outcome = Failed(error)
            if outcome is not DONE and isinstance(outcome, FAILURES):
                if forks.is_child:
                    forks.leave(outcome.error)
                self._failed(record, outcome)
            else:
                self._done(record)
        return bool(self._lanes.ready)

    def end(self) -> bool:
        """The executor lets go; True when it must be queued once more."""
        with self._lock:
            self._executors.go()
            return self._has_ready() and self._executors.invite(1) == 1

    def _next(self) -> Record | None:
        """Take a record to perform; None when there is none now."""
        if self.interrupted or forks.is_child:
            return None
        if self._gate is None:
            try:
                return self._lanes.ready.popleft()
            except IndexError:
                pass
        with self._lock:
            self._admit()
            record = self._pass(self._gate) if self._gate else self._take()
            # What has just been let in is not for this executor alone.
            for _ in range(self._executors.invite(len(self._lanes.ready))):
                self._invite_executor(self)
            return record

    def _take(self) -> Record | None:
        ready = self._lanes.ready
        return ready.popleft() if ready else None

    def _pass(self, gate: Stage) -> Record | None:
        """Take the first ready record that the gate lets pass."""
        while not self._is_closed and not self.interrupted and (record := self._take()):
            try:
                failing = self._failing.get(record.offset)
                answer = gate.admit(record, clock.now(), failing.attempt if failing else 0)
            except Exception as error:
                self._failed(record, Failed(error))
                continue
            if answer is ADMIT:
                return record
            if isinstance(answer, Skip):
                self._recovery(record).skipped(record, answer)
                self._done(record)
            elif isinstance(answer, Hold):
                self._lanes.ready.appendleft(record)
                self._closed_until = clock.monotonic() + answer.until - clock.now()
        return None

    def _done(self, record: Record) -> None:
        if self._failing:
            self._failing.pop(record.offset, None)
        if self._lanes.lane_of is None:
            self._underway.finish(record.offset)
            return
        with self._lock:
            self._underway.finish(record.offset)
            if follower := self._lanes.leave(record):
                self._lanes.ready.append(follower)

    def _failed(self, record: Record, failure: Failure) -> None:
        recovery = self._failing.setdefault(record.offset, self._recovery(record))
        decision = recovery.failed(record, failure)
        if isinstance(decision, Stop):
            self.interrupted = True
            self._stop_process(failure.error)
            return
        if isinstance(decision, Abandon):
            return
        with self._lock:
            self._go_on(record, decision)

    def _go_on(self, record: Record, decision: DeadLetter | Drop | Retry) -> None:
        waiting: Record | None = record
        if isinstance(decision, Retry) and (self._is_spread or self._pool):
            self._collapse(record, decision)
            return
        if isinstance(decision, DeadLetter | Drop):
            self._underway.finish(record.offset)
            self._failing.pop(record.offset, None)
            waiting = self._lanes.leave(record)
        if waiting is not None:
            due = clock.monotonic() + decision.after
            heapq.heappush(self._asleep, (due, waiting.offset, waiting))

    def _recovery(self, record: Record) -> Recovery:
        return self._failing.get(record.offset) or Recovery(
            source=self.source,
            topic=self.topic,
            dispatch_dead=self._dispatch_dead,
            tenure=self.tenure,
        )

    def _collapse(self, record: Record, decision: Retry) -> None:
        """Something of the batch has failed: nothing more of it begins until all that is in work
        has ended and the wait is over; then the rest is done in order.
        """
        assert self._batches is not None
        self._batches.collapse()
        self._pool += [record, *self._lanes.clear(), *(waiting for *_, waiting in self._asleep)]
        self._asleep.clear()
        self._closed_until = max(self._closed_until, clock.monotonic() + decision.after)

    def _admit(self) -> None:
        """Let arrived records into their lanes, as far as there is room."""
        room = MAX_UNDERWAY - len(self._underway)
        if self._batches is None:
            self._enter(self._admitted(room))
        elif self._pool:
            self._restart()
        elif not (self._underway.unfinished or self._is_closing or not self._arrived):
            # The next batch may begin before the listener has looked.
            self._renew_mark()
            batch = self._admitted(min(room, self._batches.size))
            self._batches.begin(batch)
            self._enter(batch)

    def _admitted(self, most: int) -> list[Record]:
        """The next records that no earlier owner has finished, up to so many."""
        records: list[Record] = []
        while self._arrived and len(records) < most:
            record = self._arrived.popleft()
            if self._underway.admit(record.offset):
                records.append(record)
        return records

    def _enter(self, records: Iterable[Record]) -> None:
        for record in records:
            self._lanes.enter(record)

    def _restart(self) -> None:
        """Begin with a collapsed batch, once nothing else of it is in work."""
        is_alone = self._underway.unfinished == len(self._pool)
        if is_alone and not self._is_closed and not self._is_closing:
            self._enter(sorted(self._pool, key=lambda record: record.offset))
            self._pool.clear()

    def _renew_mark(self) -> None:
        if (marked := self._underway.marked()) is not None:
            position, finished = marked
            self._mark = Mark(position, CommitMetadata(finished=tuple(finished)).encode())

    def _invite(self) -> int:
        """Places in the work queue for what is ready."""
        return self._executors.invite(len(self._lanes.ready)) if self._has_ready() else 0

    def _has_ready(self) -> bool:
        """Whether a job may begin now; lets in what has room."""
        if self.interrupted or self._is_closed:
            return False
        self._admit()
        return bool(self._lanes.ready)

    @property
    def _is_spread(self) -> bool:
        return self._batches is not None and not self._batches.is_collapsed

    @property
    def _is_closed(self) -> bool:
        return self._closed_until > clock.monotonic()
