"""What becomes of a record that was handed over: known at once, or after a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from samovar import events
from samovar.broker.port import Deliveries, NewRecord, Producer, Written
from samovar.errors import BrokerError, DeliveryUnknownError
from samovar.support import clock

#: One wait for the producer, in seconds.
FLUSH_SECONDS = 0.1


class Delivery:
    """One message on its way.

    `wait` gives where it was stored, or raises why it was not.
    """

    __slots__ = ("_producer", "_record", "label", "outcome")

    def __init__(self, producer: Producer, record: NewRecord, label: object = None) -> None:
        self._producer = producer
        self._record = record
        #: What the sender called it.
        self.label = label
        #: Where it was stored, or why it was not; None while that is not known.
        self.outcome: Written | BrokerError | None = None

    @property
    def is_stored(self) -> bool:
        """Whether it is known to be stored."""
        return isinstance(self.outcome, Written)

    @property
    def error(self) -> BrokerError | None:
        """Why it is not stored, if that is known."""
        return self.outcome if isinstance(self.outcome, BrokerError) else None

    @property
    def topic(self) -> str:
        """The real name of the topic that it is for."""
        return self._record.topic

    def wait(self, timeout: float | timedelta | None = None) -> Written:
        """Wait until it is stored: at most `timeout` seconds, by default as long as an answer may
        take, which makes the answer final.

        Raises:
            DeliveryUnknownError: no answer in time; it may be stored all the same.
            DeliveryFailedError: it was refused for good.
            BrokerError: it was not sent.
        """
        self._producer.wait_until(lambda: self.outcome is not None, in_seconds(timeout))
        outcome = self.outcome or self.no_answer()
        if isinstance(outcome, BrokerError):
            raise outcome
        return outcome

    def no_answer(self) -> DeliveryUnknownError:
        """What to say when it was waited for in vain."""
        return DeliveryUnknownError(
            f"No answer for a record for {self.topic!r} in time: it may be stored all the same."
        )


def in_seconds(timeout: float | timedelta | None) -> float | None:
    """A length of time as seconds."""
    return timeout.total_seconds() if isinstance(timeout, timedelta) else timeout


def hand_over(
    producer: Producer,
    records: Sequence[NewRecord],
    labels: Sequence[object] = (),
    *,
    announces: bool,
) -> list[Delivery]:
    """Hand records over, in order; those that are refused at once have that as their outcome.

    With `announces`, one that fails later is an event: nobody may be waiting for it.

    Raises:
        BrokerError: none was handed over.
    """
    deliveries = [
        Delivery(producer, record, labels[index] if labels else None)
        for index, record in enumerate(records)
    ]

    def on_delivery(index: int, outcome: Written | BrokerError) -> None:
        delivery = deliveries[index]
        delivery.outcome = outcome
        if announces and isinstance(outcome, BrokerError):
            _announce(delivery, outcome)

    for index, error in producer.produce_each(records, on_delivery).items():
        deliveries[index].outcome = error
    return deliveries


def settle(producer: Producer, deliveries: Sequence[Delivery], timeout: float | None) -> None:
    """Wait until each is settled, up to `timeout` seconds in all."""
    open_ones = list(deliveries)

    def all_settled() -> bool:
        open_ones[:] = [delivery for delivery in open_ones if delivery.outcome is None]
        return not open_ones

    producer.wait_until(all_settled, timeout)


def _announce(delivery: Delivery, error: BrokerError) -> None:
    topic, label = delivery.topic, delivery.label
    if label is None:
        events.announce("producer.failed", topic=topic, error=error, count=1)
    else:
        events.announce("producer.failed", topic=topic, error=error, count=1, label=label)


def delivered(deliveries: Deliveries, timeout: float) -> bool:
    """Whether all that was produced up to now is delivered within `timeout` seconds.

    One long flush would also wait for what others produce meanwhile; so the barrier is asked
    between short ones.
    """
    barrier = deliveries.barrier()
    until = clock.monotonic() + timeout
    while not barrier.passed and clock.monotonic() < until:
        deliveries.flush(FLUSH_SECONDS)
    return barrier.passed
