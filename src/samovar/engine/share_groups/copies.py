"""Puts copies of deliveries behind the other records of their topics, one by one.

What a producer wrote together, a share group hands out together, to one member. So each copy is
written by itself: it is handed out by itself then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samovar.broker.port import Delivery, NewRecord, Producer
from samovar.engine.share_groups.disposition import ATTEMPTS, DEATHS, Requeue, without_history

#: How a producer writes each record by itself.
ONE_BY_ONE = {"batch.num.messages": 1}


class Copies:
    """Any thread may use it."""

    def __init__(self, producer: Callable[[], Producer]) -> None:
        """`producer` gives one that writes each record by itself."""
        self._producer = producer

    def put(self, deliveries: Sequence[tuple[Delivery, Requeue]]) -> None:
        """Store a copy of each, with what it is to remember.

        Raises:
            BrokerError: some may not be stored.
        """
        self._producer().produce_sync([_copy(*delivery) for delivery in deliveries])


def _copy(delivery: Delivery, wanted: Requeue) -> NewRecord:
    record = without_history(delivery.record)
    counts = ((ATTEMPTS, wanted.attempts), (DEATHS, wanted.deaths))
    own = tuple((name, str(count).encode()) for name, count in counts if count)
    return NewRecord(
        topic=delivery.source.topic,
        value=record.value,
        key=record.key,
        headers=(*record.headers, *own),
        timestamp=record.timestamp if record.timestamp > 0 else None,
    )
