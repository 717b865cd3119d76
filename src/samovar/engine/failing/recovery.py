"""What becomes of records that fail: counted, decided about, moved aside. One for each lane."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow import dead_letter
from samovar.engine.flow.assembly import CRITICAL, recover
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.flow.decisions import Abandon, DeadLetter, Decision, Drop, Retry
from samovar.engine.flow.stages import Skip
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.recovery import StrategyAnswer
from samovar.engine.routing.topic import Topic
from samovar.errors import AssignmentLostError, RevokedError
from samovar.job.outcome import Failure as JobFailure
from samovar.job.performing import describe
from samovar.support import ids, raised
from samovar.support.tenure import Tenure

#: Stores a dead letter before it returns.
DeadLetterDispatch = Callable[[Failure], None]

#: A strategy is shown so many of the last errors.
ERRORS_SHOWN = 100


class Recovery:
    """The failures of records that are worked on one after the other; no two threads at once."""

    __slots__ = (
        "_dispatch_dead",
        "_errors",
        "_failed",
        "_good",
        "_source",
        "_tenure",
        "_topic",
        "_transactions",
        "attempt",
    )

    def __init__(
        self,
        *,
        source: TopicPartition,
        topic: Topic,
        dispatch_dead: DeadLetterDispatch,
        tenure: Tenure | None = None,
        transactions: TransactionalMarks | None = None,
    ) -> None:
        """`tenure` is how long the records are this worker's to decide about. `transactions` marks
        them together with their dead letters.
        """
        #: Failures in a row, as the topic counts them; 0 costs the hot path one look.
        self.attempt = 0
        self._source = source
        self._topic = topic
        self._dispatch_dead = dispatch_dead
        self._tenure = tenure
        self._transactions = transactions
        #: The offset of the record that failed last, and how often it did.
        self._failed = (-1, 0)
        #: Records that succeeded since the last failure.
        self._good = 0
        #: Errors since the last success; kept only for a strategy, for they keep much alive.
        self._errors: deque[BaseException] = deque(maxlen=ERRORS_SHOWN)

    def failed(self, record: Record, failure: JobFailure) -> Decision:
        """Decide about a failed record; what is decided to be a dead letter is one already."""
        error = failure.error
        if self._tenure is not None and self._tenure.is_over and not raised.is_a(error, CRITICAL):
            return self._abandon(record, error)
        self.attempt += 1
        self._failed = record.offset, self.repeats_of(record) + 1
        self._good = 0
        answer = None if raised.is_a(error, CRITICAL) else self._ask_strategy(record, error)
        decision = recover(self._topic, failure, self.attempt, answer)
        if isinstance(decision, DeadLetter):
            decision = self._bury(record, error, decision)
        elif isinstance(decision, Drop):
            self._tell_end("dead_letter.dropped", record, error)
        if isinstance(decision, DeadLetter | Drop):
            self._forget()
        elif not isinstance(decision, Abandon):
            self._tell_failure(record, error, decision)
        return decision

    def repeats_of(self, record: Record) -> int:
        """How often this very record has failed here."""
        offset, times = self._failed
        return times if offset == record.offset else 0

    def succeeded(self) -> None:
        """A record succeeded after failures. Where these add up, they are forgotten only when a
        whole share of records went well.
        """
        self._good += 1
        self._errors.clear()
        queue = self._topic.dead_letter_queue
        if queue is None or queue.independent or self._good >= self._topic.max_messages:
            self.attempt = 0

    def skipped(self, record: Record, answer: Skip) -> None:
        """A record was left out: done with, like one that succeeded."""
        if self.attempt:
            self.succeeded()
        events.announce(
            "job.skipped",
            job=self._described(record),
            source=self._source,
            offset=record.offset,
            why=answer.why,
        )

    def _described(self, record: Record) -> str:
        """A record of a plain topic is no job, and that is no fault of it."""
        return "A message" if self._topic.consumer else describe(record.value)

    def rested(self) -> None:
        """Everything is worked off: what fails later has nothing to do with earlier failures."""
        self._forget()

    def _forget(self) -> None:
        self.attempt = 0
        self._errors.clear()

    def _ask_strategy(self, record: Record, error: BaseException) -> StrategyAnswer | None:
        """What the topic's strategy says. One that fails means "retry": nothing is lost by it."""
        queue = self._topic.dead_letter_queue
        if queue is None or queue.strategy is None:
            return None
        self._errors.append(error)
        try:
            return dead_letter.ask(queue.strategy, tuple(self._errors), self.attempt)
        except Exception as failure:
            events.announce(
                "dead_letter.hook_failed",
                hook="strategy",
                source=self._source,
                offset=record.offset,
                error=failure,
            )
            return "retry"

    def _bury(self, record: Record, error: BaseException, decision: DeadLetter) -> Decision:
        """Dispatch to the dead letter topic; if even that fails, retry rather than lose it."""
        failure = Failure(
            source=self._source,
            record=record,
            target=decision.topic,
            attempts=self.attempt,
            error=error,
            trace_id=ids.uuid4(),
            queue=self._topic.dead_letter_queue,
            tenure=self._tenure,
            transactions=self._transactions,
        )
        try:
            self._dispatch_dead(failure)
        except (RevokedError, AssignmentLostError):
            return self._abandon(record, error)
        except Exception as refusal:
            events.announce("broker.error", error=refusal)
            return Retry(self._topic.pause.max_timeout)
        self._tell_end(
            "dead_letter.dispatched",
            record,
            error,
            topic=decision.topic,
            trace_id=failure.trace_id,
        )
        return decision

    def _abandon(self, record: Record, error: BaseException) -> Decision:
        """Whoever has the partition now performs the record, and decides about it."""
        events.announce(
            "job.abandoned",
            job=self._described(record),
            source=self._source,
            offset=record.offset,
            error=error,
        )
        return Abandon()

    def _tell_end(self, event: str, record: Record, error: BaseException, **more: str) -> None:
        events.announce(
            event,
            job=self._described(record),
            source=self._source,
            offset=record.offset,
            error=error,
            attempts=self.attempt,
            **more,
        )

    def _tell_failure(self, record: Record, error: BaseException, decision: Decision) -> None:
        events.announce(
            "job.failed",
            job=self._described(record),
            source=self._source,
            offset=record.offset,
            error=error,
            attempt=self.attempt,
            retry_in=decision.after if isinstance(decision, Retry) else None,
        )
