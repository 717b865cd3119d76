"""Stores a record and moves its source's position in one transaction: both happen, or neither."""

from __future__ import annotations

import threading
from collections.abc import Callable

from samovar.broker.port import (
    AtomicProducer,
    Broker,
    Consumer,
    Deliveries,
    NewRecord,
    TopicPartition,
)
from samovar.errors import BrokerError, BrokerUnavailableError, DeliveryFailedError
from samovar.support import clock, ids

#: How long what finished jobs enqueued may take to be delivered, in seconds.
DELIVERY_SECONDS = 30.0
#: One wait of it.
FLUSH_SECONDS = 0.1


class Mover:
    """Belongs to one consumer, for which it commits. Any thread may move."""

    def __init__(self, broker: Broker, *, group: str, deliveries: Deliveries) -> None:
        self._broker = broker
        self._group = group
        self._deliveries = deliveries
        #: What proves that a position is ours to move; replaced by the listener's thread.
        self._member: object = None
        self._lock = threading.Lock()
        #: Guarded by `_lock`.
        self._producer: AtomicProducer | None = None

    def follow(self, consumer: Consumer) -> None:
        """Learn the membership that is in force; on the consumer's thread, after each poll."""
        self._member = consumer.membership()

    def move(
        self,
        record: NewRecord,
        source: TopicPartition,
        position: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Store the record, and commit the position of its source with it; `check` raises when the
        source is not ours any more.

        Raises:
            Exception: what `check` raised; nothing has happened.
            DeliveryFailedError: the record was refused.
            BrokerError: neither has happened, as far as is known.
        """
        # A later membership is of no use: the broker asks only whether it is in force, and it would
        # be so without this partition. With this one, whoever leaves it meanwhile is refused.
        member = self._member
        check()
        # The position goes past earlier jobs: what they enqueued must be there first.
        self._wait_for_deliveries()
        with self._lock:
            if self._producer is None:
                # A name of its own: other processes go on beside this one.
                self._producer = self._broker.atomic_producer(f"{self._group}-dead-{ids.uuid4()}")
            try:
                self._producer.produce_atomically([record], {source: position}, member)
            except DeliveryFailedError:
                raise
            except BrokerError:
                self._producer.close()
                self._producer = None
                raise

    def _wait_for_deliveries(self) -> None:
        barrier = self._deliveries.barrier()
        until = clock.monotonic() + DELIVERY_SECONDS
        while not barrier.passed:
            if clock.monotonic() > until:
                raise BrokerUnavailableError(
                    "What finished jobs enqueued is not delivered yet; a dead letter waits for it."
                )
            self._deliveries.flush(FLUSH_SECONDS)
