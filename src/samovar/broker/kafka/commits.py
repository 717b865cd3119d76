"""Commits that are sent often: one at a time.

librdkafka's own timer sends one each interval, whether or not the last one was answered. During a
rebalance no answer comes; afterwards the queued commits are refused, because their generation is
over, and librdkafka takes that for the loss of all partitions.
"""

from __future__ import annotations

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException

from samovar import events
from samovar.broker.kafka import failures
from samovar.support import clock

#: librdkafka's own interval is not shorter than this, in seconds.
MIN_SECONDS = 1.0
#: How long an answer is waited for, in seconds.
ANSWER_SECONDS = 5.0


class Commits:
    """Those of one consumer, for positions without metadata; used by its own thread only."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        #: Whether something was stored since the last commit was sent.
        self._has_news = False
        self._due = 0.0
        #: Until when an answer is waited for; 0 while none is.
        self._answer_due = 0.0

    def stored(self) -> None:
        """There is something to commit."""
        self._has_news = True

    def commit_when_due(self, client: Client) -> None:
        """Send what was stored, if it is time."""
        if not self._has_news or (now := clock.monotonic()) < self._due or now < self._answer_due:
            return
        self._has_news = False
        self._due = now + self._interval
        self._answer_due = now + ANSWER_SECONDS
        try:
            client.commit(asynchronous=True)
        except KafkaException as error:
            self.answered(failures.reason(error))

    def answered(self, error: KafkaError | None) -> None:
        """A commit has ended, this one or another."""
        was_waiting, self._answer_due = self._answer_due > 0, 0.0
        if error is None or error.code() == KafkaError._NO_OFFSET:
            return
        self._has_news = True
        self._due = clock.monotonic() + self._interval
        if was_waiting and error.code() not in failures.NOT_OURS:
            report = failures.translated(error, "Committing offsets")
            events.announce("broker.error", error=report)
