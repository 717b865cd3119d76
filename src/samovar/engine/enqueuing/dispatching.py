"""By which producer a job goes, and whether its sender waits for the log: what its hints say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from samovar.broker.port import NewRecord, Producer
from samovar.engine.producing.delivery import hand_over, settle
from samovar.engine.producing.message_producer import MessageProducer
from samovar.errors import ArgumentError, BrokerError


class Dispatch(NamedTuple):
    """One way to the log. Jobs that take the same way keep their order."""

    producer: Producer
    waits: bool
    #: How long it waits, in seconds; None is as long as an answer may take.
    timeout: float | None = None

    def send(self, record: NewRecord) -> None:
        """Send one record.

        Raises:
            DeliveryUnknownError: no answer in time; it may be stored all the same.
            BrokerError: it is not stored.
        """
        if self.waits:
            self.producer.produce_sync([record], self.timeout)
        else:
            self.producer.produce(record)

    def send_all(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """Send several, in order; why some are not stored, by their index.

        Raises:
            BrokerError: none was handed over.
        """
        if not self.waits:
            return self.producer.produce_many(records)
        deliveries = hand_over(self.producer, records, announces=False)
        settle(self.producer, deliveries, self.timeout)
        return {
            index: delivery.error or delivery.no_answer()
            for index, delivery in enumerate(deliveries)
            if not delivery.is_stored
        }


def chosen(hints: Mapping[str, Any], usual: Producer, *, many: bool) -> Dispatch:
    """The way of a job with these hints.

    Raises:
        ArgumentError: its class names something else than a producer.
    """
    name, waiting = _METHODS[many]
    waits = hints.get(name) == waiting
    make = hints.get("producer")
    if make is None:
        return Dispatch(usual, waits)
    producer = make()
    if not isinstance(producer, MessageProducer):
        raise ArgumentError(
            f"kafka_options: producer gave {producer!r:.80}; expected app.producer or one of its "
            f"variants."
        )
    return Dispatch(producer.port, waits, producer.max_wait_timeout)


_METHODS = {
    False: ("dispatch_method", "produce_sync"),
    True: ("dispatch_many_method", "produce_many_sync"),
}


def grouped(ways: Iterable[Dispatch]) -> dict[Dispatch, list[int]]:
    """Which jobs of a bulk take which way, by their index; each way is taken once."""
    groups: dict[Dispatch, list[int]] = {}
    for index, way in enumerate(ways):
        groups.setdefault(way, []).append(index)
    return groups
