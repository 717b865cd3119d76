"""Records on their way: counted when they are handed over, and again when they are reported.

No lock guards the counts. A finalizer that the garbage collector runs may enqueue between any two
steps of this very thread, and would wait for its own lock for ever; so each step is one operation
of a deque, which nothing can interrupt.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import repeat

from confluent_kafka import KafkaError, Message

from samovar import events
from samovar.broker.kafka import failures
from samovar.broker.kafka.singles import Report, Singles
from samovar.broker.port import Headers, NewRecord


class Flight:
    """Records that were handed over between two barriers, and how many are still out.

    A `Barrier`: a flight that nothing is added to any more has passed when it is empty and
    every flight before it has passed.
    """

    __slots__ = ("_out", "_singles", "before")

    def __init__(self, before: Flight | None, singles: Singles) -> None:
        self._singles = singles
        #: One entry for each record that is out.
        self._out: deque[None] = deque()
        self.before = before

    @property
    def out(self) -> int:
        """How many of its own records are out."""
        return len(self._out)

    @property
    def passed(self) -> bool:
        """Whether each record up to here was delivered, or has failed and was reported."""
        before = self.before
        while before is not None and not before._out:
            before = before.before
        self.before = before
        return before is None and not self._out

    @property
    def outstanding(self) -> int:
        """How many records are out, those of the flights before it among them."""
        total, flight = 0, self
        while flight is not None:
            total, flight = total + flight.out, flight.before
        return total

    def add(self, count: int) -> None:
        """Count records that are about to be handed over."""
        self._out.extend(repeat(None, count))

    def take_back(self, count: int) -> None:
        """These were not handed over."""
        for _ in range(count):
            self._out.pop()

    def reported(self, error: KafkaError | None, message: Message, headers: Headers = ()) -> None:
        """The delivery report of one record, which had these headers."""
        if error is None:
            self._out.pop()
        elif not self.sends_again(error, message, headers, self._failed):
            self._failed(error, message)

    def sends_again(
        self, error: KafkaError, message: Message, headers: Headers, report: Report
    ) -> bool:
        """Whether the record is sent once more, because another one may have been refused; what
        then becomes of it is reported to `report`.
        """
        return failures.may_be_anothers(error) and self._singles.send(message, headers, report)

    def report_of(self, record: NewRecord) -> Report:
        """What hears of this record."""
        if record.headers:
            return partial(self.reported, headers=record.headers)
        return self.reported

    def settled(self) -> None:
        """One record is out no more."""
        self._out.pop()

    def _failed(self, error: KafkaError | None, message: Message) -> None:
        self._out.pop()
        if error is not None:
            topic = message.topic() or "?"
            failure = failures.undelivered(error, topic)
            events.announce("producer.failed", topic=topic, error=failure, count=1)
