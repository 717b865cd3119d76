"""One group's poll loop: resume, poll, hand over, mark. Only this thread uses the consumer."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from samovar.broker.port import LEAVE_SECONDS, Batch, Consumer, Deliveries, Record, TopicPartition
from samovar.engine.flow.stages import Stage
from samovar.engine.partitions.earlier_runs import Departed
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.assignment import Assignment
from samovar.engine.polling.assignments import Assignments
from samovar.engine.polling.settling import Settling
from samovar.engine.polling.subscribing import Subscriber
from samovar.errors import FencedError
from samovar.processes.restarting import seconds_to_leave, serve_until
from samovar.processes.vital import VitalThread
from samovar.processes.work_queue import WorkQueue
from samovar.support import clock

#: Most records that one poll takes.
POLL_RECORDS = 500
#: Bytes that one poll may bring, by the size of the records seen last.
POLL_BYTES = 8 * 1024 * 1024
#: Bytes of waiting records, of all partitions together, with which no more are taken; with half of
#: them, more are.
WAITING_BYTES = 64 * 1024 * 1024
#: Longest wait of one poll, in seconds: how late a stop or a mark can be noticed.
PATIENCE = 0.2
#: Longest wait of a poll while partitions are paused, so that they are resumed in time.
PAUSED_PATIENCE = 0.02
#: The same while records are held back, one of which may begin as soon as another has ended.
SUSPECT_PATIENCE = 0.005
#: With so many records waiting the executors are busy, and polling can wait a little.
BUSY_RECORDS = 64
#: How long it waits for them, in seconds.
BUSY_SECONDS = 0.02
#: How long full partitions may hold up polling before they are paused instead, in seconds.
CROWDED_SECONDS = 0.2


class Listener(VitalThread):
    """Keeps one consumer of one group, and the partitions it holds, at work."""

    def __init__(
        self,
        *,
        name: str,
        group: str,
        connect: Callable[[], Consumer],
        subscriber: Callable[[], Subscriber],
        patience: float,
        producer: Deliveries,
        make: Callable[[TopicPartition, Stage | None], Partition],
        departed: Departed,
        settling: Settling,
        assignments: Assignments,
        work: WorkQueue,
        fenced: Callable[[FencedError], None],
        after_poll: Callable[[Consumer], None] | None = None,
    ) -> None:
        """`connect` and `subscriber` are asked again after each error, but when another process has
        taken our place: then `fenced` is called. `patience` is the longest wait of one poll, in
        seconds. `after_poll` is shown the consumer then, by its own thread."""
        super().__init__(name=f"samovar-listener-{name}", daemon=True)
        self._group = group
        self._connect = connect
        self._subscriber = subscriber
        self._longest_wait = min(patience, PATIENCE)
        self._producer = producer
        self._make = make
        self._departed = departed
        self._settling = settling
        self._assignments = assignments
        self._work = work
        self._after_poll = after_poll
        self._fenced = fenced
        self._quiet_asked = threading.Event()
        self._stop_asked = threading.Event()
        #: When this thread is to have ended, on the monotonic clock.
        self._until = math.inf
        self._consumer: Consumer | None = None
        self._assignment: Assignment | None = None
        #: Whether the consumer has been given anything to read.
        self._reads = False
        self._poll_records = POLL_RECORDS
        #: How long a poll may wait before what has ended meanwhile is marked, in seconds.
        self._mark_patience = self._longest_wait
        #: Bytes of a record of each partition, at the least on an average of what waits.
        self._sizes: dict[TopicPartition, float] = {}
        #: A partition with this many waiting records takes no more; half of it, and it does again.
        self._full = 2 * POLL_RECORDS
        #: When the loop last went round, on the monotonic clock.
        self.last_turn = clock.monotonic()

    def quiet(self) -> None:
        """Begin no further job, keep the partitions. Any thread may call this."""
        self._quiet_asked.set()
        self._interrupt()

    def stop(self, until: float = math.inf) -> None:
        """Begin no further job, mark what ends, leave the group, as far as it can be done `until`
        then (on the monotonic clock). Any thread may call this.
        """
        self._until = until
        self._stop_asked.set()
        self.quiet()

    def work(self) -> None:
        """Poll until stopped; after an error start anew with a new consumer."""
        try:
            serve_until(self._stop_asked, self._serve, gives_up_at=(FencedError,))
        except FencedError as error:
            self._fenced(error)

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """The records whose jobs run, and where they are; a snapshot for other threads."""
        return [(p.source, record) for p in self.partitions for record in p.running]

    @property
    def partitions(self) -> list[Partition]:
        """The partitions held now; a snapshot for other threads."""
        assignment = self._assignment
        return list(assignment) if assignment is not None else []

    def _serve(self) -> None:
        consumer = self._consumer = self._connect()
        assignment = self._assignment = Assignment(
            group=self._group,
            consumer=consumer,
            producer=self._producer,
            make=self._make,
            departed=self._departed,
            settling=self._settling,
            assignments=self._assignments,
        )
        subscriber = self._subscriber()
        self._reads = False
        try:
            while not self._stop_asked.is_set():
                self._turn(consumer, subscriber, assignment)
            self._come_to_rest(consumer, assignment)
        finally:
            assignment.interrupt()
            try:
                consumer.close(seconds_to_leave(self._until, LEAVE_SECONDS))
            finally:
                assignment.close()
                self._consumer = None

    def _turn(self, consumer: Consumer, subscriber: Subscriber, assignment: Assignment) -> None:
        self.last_turn = clock.monotonic()
        self._reads = subscriber.follow(consumer, assignment)
        if not self._reads:
            self._stop_asked.wait(PATIENCE)
            return
        self._wake_waiting(assignment)
        if not self._quiet_asked.is_set():
            self._make_room(consumer, assignment)
            self._resume(consumer, assignment)
        # Right before polling, which commits what is marked.
        self._mark(consumer, assignment)
        batches = consumer.poll(self._poll_records, self._patience(assignment))
        if self._after_poll is not None:
            self._after_poll(consumer)
        self._hand_over(batches, assignment)
        if self._quiet_asked.is_set():
            self._hold_still(consumer, assignment)

    def _mark(self, consumer: Consumer, assignment: Assignment) -> None:
        """Mark what is done. While jobs end, soon again; else ever more rarely."""
        soon = assignment.mark()
        longer = min(2 * self._mark_patience, self._longest_wait)
        self._mark_patience = min(consumer.pace, self._longest_wait) if soon else longer

    def _wake_waiting(self, assignment: Assignment) -> None:
        """Queue the partitions whose back-off is over."""
        for partition in assignment:
            if not assignment.entrances.holds(partition.source):
                self._invite(partition, partition.wake(self.last_turn))

    def _invite(self, partition: Partition, executors: int) -> None:
        for _ in range(executors):
            self._work.put(partition)

    def _make_room(self, consumer: Consumer, assignment: Assignment) -> None:
        """Let the executors work off what waits, and pause what they are too slow for.

        While they are busy in Python, polling beside them only takes the interpreter's lock from
        them, again and again; so this thread gives them a moment. A partition that stays full is
        paused: that costs a new fetch later, but polling must go on, or the group gives us up.
        Sooner where executors are idle: records of other partitions come after those of a full one.
        """
        started = clock.monotonic()
        while True:
            self._work.progress.clear()
            waiting = [c.backlog for c in assignment if not c.paused and not c.is_waiting]
            is_crowded = max(waiting, default=0) >= self._full and self._work.free <= 0
            crowded_patience = min(CROWDED_SECONDS, max(BUSY_SECONDS, consumer.pace))
            patience = crowded_patience if is_crowded else BUSY_SECONDS
            left = started + patience - clock.monotonic()
            if sum(waiting) < BUSY_RECORDS or left <= 0:
                break
            self._work.progress.wait(left)
        is_large = self._waiting_bytes(assignment) >= WAITING_BYTES
        full = [
            c
            for c in assignment
            if c.backlog >= self._full or self._is_held(c, assignment) or (is_large and c.backlog)
        ]
        self._pause(consumer, [c for c in full if not c.paused])

    def _resume(self, consumer: Consumer, assignment: Assignment) -> None:
        """Take records again of the partitions that have worked off half of theirs."""
        # One that has nothing left waits for nobody: what fills the memory may wait for an hour.
        is_large = self._waiting_bytes(assignment) > WAITING_BYTES // 2
        enough = 0 if is_large else self._full // 2
        worked_off = [c for c in assignment if c.paused and c.backlog <= enough]
        ready = [c for c in worked_off if not self._is_held(c, assignment)]
        if ready:
            consumer.resume([c.source for c in ready])
            for partition in ready:
                partition.paused = False

    def _is_held(self, partition: Partition, assignment: Assignment) -> bool:
        """Whether nothing more is to be fetched of it, though there is room."""
        return (
            partition.pauses(self.last_turn)
            or assignment.entrances.holds(partition.source)
            or assignment.crash_guard.holds(partition.source)
        )

    def _hand_over(self, batches: list[Batch], assignment: Assignment) -> None:
        for batch in assignment.crash_guard.admit(assignment.entrances.admit(batches)):
            partition = assignment.find(batch.source)
            if partition is not None:
                self._weigh(partition, batch.records)
                self._invite(partition, partition.offer(batch.records))
        if not self._quiet_asked.is_set():
            for partition, records in assignment.crash_guard.release(self.last_turn):
                self._invite(partition, partition.offer(records))
        if batches:
            size = max(self._sizes.get(batch.source, 0.0) for batch in batches)
            self._poll_records = max(1, min(POLL_RECORDS, int(POLL_BYTES / (size + 1))))
            self._full = 2 * self._poll_records

    def _weigh(self, partition: Partition, records: Sequence[Record]) -> None:
        """Note how large the records of a partition are that are about to wait."""
        size = sum([len(record.value or b"") for record in records]) / len(records)
        if partition.backlog:
            size = max(size, self._sizes.get(partition.source, 0.0))
        self._sizes[partition.source] = size

    def _waiting_bytes(self, assignment: Assignment) -> float:
        sizes = self._sizes
        return sum(c.backlog * sizes.get(c.source, 0.0) for c in assignment)

    def _patience(self, assignment: Assignment) -> float:
        """How long the next poll may wait: until a back-off ends or a pause must be looked at."""
        if self._stop_asked.is_set():
            return 0.0
        patience = self._mark_patience
        if assignment.crash_guard.is_busy and not self._quiet_asked.is_set():
            patience = min(patience, SUSPECT_PATIENCE)
        for partition in assignment:
            if partition.paused and not (partition.is_waiting or partition.pauses(self.last_turn)):
                patience = min(patience, PAUSED_PATIENCE)
            patience = min(patience, max(0.0, partition.due - self.last_turn))
        return patience

    def _hold_still(self, consumer: Consumer, assignment: Assignment) -> None:
        """Take nothing more, but keep polling: the partitions stay ours."""
        assignment.finish()
        self._pause(consumer, [c for c in assignment if not c.paused])

    def _come_to_rest(self, consumer: Consumer, assignment: Assignment) -> None:
        """Keep polling, and so keep the partitions, until the running jobs have ended."""
        if not self._reads:
            return
        self._hold_still(consumer, assignment)
        assignment.crash_guard.clear_suspect()
        while not assignment.is_at_rest():
            consumer.poll(1, PAUSED_PATIENCE)
            if self._after_poll is not None:
                self._after_poll(consumer)
            self._hold_still(consumer, assignment)
            assignment.mark()
        assignment.call_on_leave(assignment, "shutdown")
        assignment.mark_now()

    def _pause(self, consumer: Consumer, partitions: list[Partition]) -> None:
        if partitions:
            consumer.pause([p.source for p in partitions])
            for partition in partitions:
                partition.paused = True

    def _interrupt(self) -> None:
        for partition in self.partitions:
            partition.finish()
        consumer = self._consumer
        if consumer is not None:
            consumer.wake()
