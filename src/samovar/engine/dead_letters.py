"""Copies a record to a dead letter topic, and waits until it is stored there."""

from __future__ import annotations

from msgspec import structs

from samovar.broker.port import Producer, Record, TopicPartition
from samovar.engine.flow import dead_letter
from samovar.engine.routing.routes import assumed
from samovar.engine.topics import Topics
from samovar.errors import DeliveryFailedError


class DeadLetters:
    """The dispatcher of one group. Any thread may use it."""

    def __init__(self, *, group: str, producer: Producer, topics: Topics) -> None:
        self._group = group
        self._producer = producer
        self._topics = topics

    def dispatch(
        self,
        source: TopicPartition,
        record: Record,
        topic: str,
        attempts: int,
        error: BaseException,
    ) -> None:
        """Store a copy; the topic is created when it is missing.

        Raises:
            BrokerError: the copy may not be stored.
        """
        if self._topics.partitions(topic) is None:
            self._topics.ensure([assumed(topic).specs[0]])
        copy = dead_letter.copy(
            record,
            topic=topic,
            partitions=self._topics.partitions(topic) or 1,
            source=source,
            group=self._group,
            attempts=attempts,
            error=error,
        )
        try:
            self._producer.produce_sync([copy])
        except DeliveryFailedError:
            # The trace may be what made it too large: better without it than not at all.
            self._producer.produce_sync([structs.replace(copy, headers=record.headers)])
