"""Reading as a member of a share group (KIP-932)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from samovar.broker.port.values import Record, TopicPartition


class Delivery(msgspec.Struct, frozen=True):
    """A record that a share group delivered to one of its members, and locked for a while."""

    source: TopicPartition
    record: Record
    #: How often the record was delivered, this time included.
    count: int = 1


class ShareConsumer(Protocol):
    """A member of a share group. The group delivers each record to one member, from any partition
    and in no order. Only one thread, its owner, may call it, except `wake`.
    """

    def subscribe(self, topics: Sequence[str]) -> None:
        """Join the group for these topics. A second call replaces the earlier ones."""
        ...

    def poll(self, timeout: float) -> list[Delivery]:
        """Wait up to `timeout` seconds for records, and return some. Call it only after all records
        of the earlier poll were accepted.

        There may be many more than `max.poll.records`: a batch that a producer wrote in one request
        is delivered as one.

        Raises:
            BrokerError: the consumer cannot go on; make a new one.
        """
        ...

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge these. The acknowledgement is sent soon, at the latest in the next `poll`."""
        ...

    def wake(self) -> None:
        """Make a running `poll` return soon. Any thread may call this."""
        ...

    def close(self) -> None:
        """Send all acknowledgements and leave. What was not accepted is delivered again."""
        ...
