"""How the records of a plain topic are worked on: in batches, by one consumer a partition."""

from __future__ import annotations

import inspect
import math
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Literal, Protocol

from samovar import events
from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.consuming.message import Message, json
from samovar.engine.failing.recovery import Recovery
from samovar.engine.flow.stages import ADMIT, Admission, Hold, Skip, Stage
from samovar.engine.producing import transactions
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.topic import Topic
from samovar.errors import AssignmentLostError
from samovar.job.outcome import Failed, Failure
from samovar.support import clock, event_loop, forks, raised

LeaveReason = Literal["revoked", "shutdown"]


class Partition(Protocol):
    """The partition as its batches see it; only the executor that holds it calls this."""

    pending: deque[Record]
    position: int | None
    recovery: Recovery
    interrupted: bool

    def failed(self, record: Record, failure: Failure) -> bool:
        """Decide about a failed record; True when it is done with."""
        ...

    def wait(self, seconds: float) -> None:
        """Let the partition wait once its executor lets go of it."""
        ...

    def passed(self, offset: int) -> None:
        """All up to this offset is done."""
        ...

    def pass_over(self, offset: int) -> None:
        """Drop what waits up to this offset."""
        ...


class Consumption:
    """The work of one partition, and the handle of its consumer."""

    def __init__(
        self,
        *,
        source: TopicPartition,
        topic: Topic,
        produce: Callable[[NewRecord], None],
        gate: Stage | None,
        transactions: TransactionalMarks,
    ) -> None:
        """`transactions` stores what the consumer marks in transactions."""
        self.source = source
        self.transactions = transactions
        #: The records that the consumer works on now.
        self.batch: tuple[Record, ...] = ()
        self._is_leaving = self._knows_it_leaves = False
        #: Whether what is marked from now on comes too late.
        self.has_left = False
        #: When the consumer's next tick is due unless there is work, on the monotonic clock.
        self.ticks_at = math.inf
        self._topic = topic
        self._produce = produce
        self._gate = gate
        self._consumer: Consumer | None = None
        self._partition: Partition
        #: Offset behind the batch that failed last: its retry goes no further.
        self._failed_end: int | None = None
        #: Where to go on, and after how many seconds, when the consumer asked for a pause.
        self._pause: tuple[int, float] | None = None
        self._count_from_now()

    def tick(self, partition: Partition) -> None:
        """Let the consumer do what it does when there is no work."""
        self._partition = partition
        if partition.interrupted or forks.is_child or self.transactions.is_in_doubt:
            return
        consumer: Consumer | None = None
        try:
            consumer = self._made()
            run(consumer.tick)
        except BaseException as error:
            if forks.is_child:
                forks.leave(error)
            self._tell(consumer, "tick", error)
        self._pause = None
        self._count_from_now()

    def share(self, partition: Partition) -> bool:
        """Work on one batch; whether more can be done at once."""
        self._partition = partition
        if partition.interrupted or forks.is_child:
            return False
        last: Record | None = None
        try:
            messages, last, is_held = self._gather(partition)
            if messages:
                self._consume(messages)
        except BaseException as error:
            if forks.is_child:
                forks.leave(error)
            return self._failed(partition, error, last)
        finally:
            self._count_from_now()
        if last is not None:
            self._succeeded(partition, last)
        return bool(partition.pending) and not is_held and self._pause is None

    def leave(self) -> None:
        """The partition is on its way to another worker."""
        self._is_leaving = True

    # The handle of the consumer.

    @property
    def is_leaving(self) -> bool:
        """Whether the partition is leaving, or has left. Who has heard it may end its batch early:
        only of one that has not can it be said that it has worked on all of it.
        """
        self._knows_it_leaves = self._knows_it_leaves or self._is_leaving
        return self._is_leaving

    @property
    def attempt(self) -> int:
        """How often this batch has been begun, from 1."""
        return self._partition.recovery.attempt + 1

    def mark(self, offset: int) -> bool:
        """This record and those before it are done; False when the partition has left. In the block
        of a transaction they are once that is stored, and a partition that has left is an error.

        Raises:
            AssignmentLostError: the partition has left, and the transaction is not stored.
        """
        if (transaction := transactions.current()) is not None:
            self.transactions.mark(transaction, offset)
            return True
        if self.has_left:
            return False
        self.transactions.marked_plainly()
        self._partition.passed(offset)
        return True

    def pause(self, offset: int, seconds: float) -> None:
        """Once the batch has ended, go on at this offset after so many seconds."""
        self._pause = offset, seconds

    def produce(self, record: NewRecord) -> None:
        """Hand a record over; in the block of a transaction, with that."""
        if (transaction := transactions.current()) is not None:
            transaction.add(record)
        else:
            self._produce(record)

    def on_leave(self, why: LeaveReason) -> Callable[[], None] | None:
        """What says good-bye to the consumer, once; None if there never was one."""
        self.has_left = True
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return None

        def say() -> None:
            try:
                run(getattr(consumer, why))
            except BaseException as error:
                self._tell(consumer, why, error)

        return say

    def _gather(self, partition: Partition) -> tuple[list[Message], Record | None, bool]:
        """The messages of the next batch, the last record that it deals with, and whether the one
        behind that is held.
        """
        decode = self._topic.deserializer or json
        messages: list[Message] = []
        last: Record | None = None
        for index in range(min(len(partition.pending), self._topic.max_messages)):
            record = partition.pending[index]
            if self._failed_end is not None and record.offset >= self._failed_end:
                break
            answer = self._ask(record, partition.recovery.attempt, is_first=last is None)
            if isinstance(answer, Hold):
                if last is None:
                    partition.wait(answer.until - clock.now())
                return messages, last, last is None
            last = record
            if isinstance(answer, Skip):
                partition.recovery.skipped(record, answer)
            else:
                messages.append(Message(self.source, record, decode))
        return messages, last, False

    def _ask(self, record: Record, attempt: int, *, is_first: bool) -> Admission:
        """What the gate says. Where that fails the batch ends, so that the record comes first."""
        if self._gate is None:
            return ADMIT
        try:
            return self._gate.admit(record, clock.now(), attempt)
        except Exception:
            if is_first:
                raise
            return Hold(0.0)

    def _consume(self, messages: list[Message]) -> None:
        consumer = self._made()
        self._pause = None
        consumer.messages = messages
        self.batch = tuple(message.record for message in messages)
        try:
            run(consumer.consume)
        finally:
            consumer.messages = self.batch = ()

    def _made(self) -> Consumer:
        if (consumer := self._consumer) is None:
            consumer = (self._topic.consumer or Consumer)()
            consumer._take_handle(self)  # pyright: ignore[reportPrivateUsage] -- not for users
            self._consumer = consumer
        return consumer

    def _count_from_now(self) -> None:
        if self._topic.periodic is not None:
            self.ticks_at = clock.monotonic() + self._topic.periodic

    def _succeeded(self, partition: Partition, last: Record) -> None:
        self._failed_end = None
        if partition.recovery.attempt:
            partition.recovery.succeeded()
        if self._pause is not None:
            offset, seconds = self._pause
            partition.pass_over(offset - 1)
            partition.wait(seconds)
            return
        partition.pass_over(last.offset)
        if not (self._topic.manual_marks or (self.has_left and self._knows_it_leaves)):
            self._move_to(partition, last.offset + 1)

    def _failed(self, partition: Partition, error: BaseException, last: Record | None) -> bool:
        """The first record that is not marked is to blame. With all marked, nothing comes again."""
        self._pause = None
        if self._is_leaving and raised.is_a(error, AssignmentLostError):
            return False  # no fault of the record: it comes again at the new owner
        if not partition.pending or (last and partition.pending[0].offset > last.offset):
            self._tell(self._consumer, "consume", error)
            return bool(partition.pending)
        self._failed_end = last.offset + 1 if last else None
        record = partition.pending[0]
        if not partition.failed(record, Failed(error)):
            return False
        partition.pass_over(record.offset)
        self._move_to(partition, record.offset + 1)
        return bool(partition.pending)

    def _move_to(self, partition: Partition, position: int) -> None:
        """Mark plainly, unless a transaction has."""
        if not self.transactions.covers(position):
            self.transactions.marked_plainly()
        partition.position = position

    def _tell(self, consumer: Consumer | None, hook: str, error: BaseException) -> None:
        events.announce(
            "consumer.failed",
            consumer=type(consumer).__name__,
            hook=hook,
            source=self.source,
            error=error,
        )


def run(call: Callable[[], object]) -> None:
    """Call a method of a consumer, in a context of its own; a coroutine runs on the event loop."""
    context = copy_context()
    result = context.run(call)
    if inspect.iscoroutine(result):
        context.run(event_loop.run, result)
