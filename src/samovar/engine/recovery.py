"""What becomes of records that fail: counted, decided about, moved aside. One for each lane."""

from __future__ import annotations

from collections.abc import Callable

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.assembly import recover
from samovar.engine.flow.decisions import DeadLetter, Decision, Retry
from samovar.engine.flow.stages import Skip
from samovar.engine.performer import GivenUpError, describe
from samovar.engine.routing.topic import Topic

DeadLetterDispatch = Callable[[TopicPartition, Record, str, int, BaseException], None]


class Recovery:
    """The failures of records that are worked on one after the other; no two threads at once."""

    __slots__ = ("_dispatch_dead", "_good", "_source", "_topic", "attempt")

    def __init__(
        self, *, source: TopicPartition, topic: Topic, dispatch_dead: DeadLetterDispatch
    ) -> None:
        #: Failures in a row, as the topic counts them; 0 costs the hot path one look.
        self.attempt = 0
        self._source = source
        self._topic = topic
        self._dispatch_dead = dispatch_dead
        #: Records that succeeded since the last failure.
        self._good = 0

    def failed(self, record: Record, error: BaseException) -> Decision:
        """Decide about a failed record; what is decided to be a dead letter is one already."""
        self.attempt += 1
        self._good = 0
        decision = recover(self._topic, error, self.attempt)
        if isinstance(error, GivenUpError):
            error = error.__cause__ or error
        if isinstance(decision, DeadLetter):
            decision = self._bury(record, error, decision)
        self._tell(record, error, decision)
        if isinstance(decision, DeadLetter):
            self.attempt = 0
        return decision

    def succeeded(self) -> None:
        """A record succeeded after failures. Where these add up, they are forgotten only when a
        whole share of records went well.
        """
        self._good += 1
        queue = self._topic.dead_letter_queue
        if queue is None or queue.independent or self._good >= self._topic.max_messages:
            self.attempt = 0

    def skipped(self, record: Record, answer: Skip) -> None:
        """A record was left out: done with, like one that succeeded."""
        if self.attempt:
            self.succeeded()
        events.announce(
            "job.skipped",
            job=describe(record.value),
            source=self._source,
            offset=record.offset,
            why=answer.why,
        )

    def rested(self) -> None:
        """Everything is worked off: what fails later has nothing to do with earlier failures."""
        self.attempt = 0

    def _bury(self, record: Record, error: BaseException, decision: DeadLetter) -> Decision:
        """Dispatch to the dead letter topic; if even that fails, retry rather than lose it."""
        try:
            self._dispatch_dead(self._source, record, decision.topic, self.attempt, error)
        except Exception as failure:
            events.announce("broker.error", error=failure)
            return Retry(self._topic.pause.max_timeout)
        return decision

    def _tell(self, record: Record, error: BaseException, decision: Decision) -> None:
        if isinstance(decision, DeadLetter):
            events.announce(
                "dead_letter.dispatched",
                job=describe(record.value),
                source=self._source,
                offset=record.offset,
                topic=decision.topic,
                error=error,
                attempts=self.attempt,
            )
            return
        events.announce(
            "job.failed",
            job=describe(record.value),
            source=self._source,
            offset=record.offset,
            error=error,
            attempt=self.attempt,
            retry_in=decision.after if isinstance(decision, Retry) else None,
        )
