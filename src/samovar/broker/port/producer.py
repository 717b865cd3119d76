"""Writing records: one at a time, many, or all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from samovar.broker.port.values import NO_MARKS, NewRecord, TopicPartition, Written
from samovar.errors import BrokerError

#: Records are sent as the settings say.
NO_CONFIG: Mapping[str, Any] = MappingProxyType({})


class Barrier(Protocol):
    """Stands for all records handed to a producer before it was made."""

    @property
    def passed(self) -> bool:
        """Whether each of them is stored, or has failed for good and was reported."""
        ...


#: Called with a record's index and where it is stored, or why it is not. Called on any thread; must
#: be quick and raise nothing.
OnDelivery = Callable[[int, Written | BrokerError], None]


class Deliveries(Protocol):
    """Records that were handed over and are not yet stored, of one producer or of several."""

    def barrier(self) -> Barrier:
        """A mark after everything produced so far."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for outstanding records; returns how many still are."""
        ...

    def close(self, timeout: float) -> int:
        """Flush and close for good; returns how many records were not delivered. To produce
        after that raises ProducerClosedError.
        """
        ...


class Producer(Deliveries, Protocol):
    """Writes records. Any thread may call it; a forked process gets a new client."""

    @property
    def schedules(self) -> bool:
        """The broker's trait: whether it keeps records until they are due."""
        ...

    def produce(self, record: NewRecord) -> None:
        """Hand one record over. It may be stored later; if that fails, an event reports it.

        Raises:
            QueueFullError: the buffer stayed full.
        """
        ...

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """Hand several over, in order, as cheaply as the broker can.

        Returns the errors of refused records by their index; all others were handed over.

        Raises:
            BrokerError: none was handed over, for a reason that concerns all of them.
        """
        ...

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        """`produce_many`, with one call of `on_delivery` for each record that was handed over. A
        failure is then no event: `on_delivery` has to deal with it.
        """
        ...

    def produce_sync(
        self, records: Sequence[NewRecord], timeout: float | None = None
    ) -> list[Written]:
        """Hand over and wait until all are stored; up to `timeout` seconds, by default the
        longest time that an answer may take.

        Raises:
            DeliveryUnknownError: no answer in time.
            DeliveryFailedError: at least one was refused.
        """
        ...

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until delivery reports make the condition true; whether they did within `timeout`
        seconds, by default the longest time that an answer may take.
        """
        ...

    def cancel_scheduled(self, key: str) -> bool:
        """Drop what waits under this `schedule_key`; whether something did.

        After True, none of these records will be delivered; after False, each already was.
        """
        ...


class AtomicProducer(Protocol):
    """Writes records to any topics, all of them or none. Only one thread, its owner, may call it.

    It has a name. Of all producers of a name only the one that was made last may write. Its first
    write undoes what an earlier one has not finished.
    """

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        """Store all of them or, on an error, none; return where. They become visible together, and
        the `marks` are committed with them: positions of partitions that the consumer whose
        `membership` is `member` holds.

        Raises:
            FencedError: a newer producer of this name has written; this one can write no more.
            DeliveryFailedError: a record was refused; none is stored, and this producer may go on.
            UnknownTopicError: a topic does not exist; none is stored, and this producer may go on.
            AssignmentLostError: the member no longer holds its partitions, or its membership is out
                of date; none is stored, and this producer may go on.
            BrokerError: all or none of them are stored; only reading shows which. Make a new one of
                this name: after its first write, even an empty one, nothing of this call is open.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
