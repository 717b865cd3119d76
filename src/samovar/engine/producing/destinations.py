"""Where a record goes: a topic that is there, and the partition its sender wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from samovar import events
from samovar.broker import topic_names
from samovar.broker.partitioning import partition_of
from samovar.broker.port import TopicSpec
from samovar.engine.routing.routes import Routes
from samovar.errors import ArgumentError, BrokerUnavailableError, DeliveryFailedError
from samovar.support import clock

#: After a broker did not answer, records are handed over unasked for so long, in seconds.
AWAY_SECONDS = 10.0
#: How old a count of partitions may be that places a record: librdkafka looks as often for keys.
COUNT_SECONDS = 300.0


class KnownTopics(Protocol):
    """What is asked of the topics of a log: see `samovar.engine.topics.existing.Topics`."""

    def partitions(self, name: str) -> int | None:
        """How many partitions a topic has that was seen to exist; None when it was not."""
        ...

    def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create what does not exist yet; the names of those created."""
        ...

    def names(self) -> list[str]:
        """Every topic, asked anew."""
        ...

    def forget(self) -> None:
        """What was seen to exist may be gone."""
        ...


class Destinations:
    """Topics as those who send see them; by real names. Any thread may use it."""

    def __init__(self, *, topics: KnownTopics, routes: Routes) -> None:
        self._topics = topics
        self.routes = routes
        #: Until when topics are not looked for, because the broker did not answer.
        self._away_until = 0.0
        #: When partitions are counted anew.
        self._count_at = clock.monotonic() + COUNT_SECONDS

    def ensure(self, *topics: str) -> None:
        """Create the topics that are missing. A broker that is away keeps nobody waiting: records
        are handed over all the same, and a topic that stays missing is reported as undelivered.

        Raises:
            ArgumentError: no topic can have this name.
        """
        missing = [topic for topic in topics if self._topics.partitions(topic) is None]
        for topic in missing:
            if not topic_names.is_legal(topic):
                self._check_that_it_exists(topic)
        if not missing or clock.monotonic() < self._away_until:
            return
        try:
            self._topics.ensure(spec for topic in missing for spec in self.routes.find(topic).specs)
        except BrokerUnavailableError as error:
            self._away_until = clock.monotonic() + AWAY_SECONDS
            events.announce("broker.error", error=error)

    def _check_that_it_exists(self, topic: str) -> None:
        """An earlier version let the embedded log have topics of any name."""
        with suppress(BrokerUnavailableError):
            if topic in self._topics.names():
                return
        raise ArgumentError(
            f"{topic!r:.80} cannot be the name of a queue: expected 1 to 249 letters, digits, "
            "dots, dashes or underscores."
        )

    def forget(self) -> None:
        """A topic turned out to be gone: look again."""
        self._topics.forget()

    def place(self, topic: str, hints: Mapping[str, Any]) -> tuple[bytes | None, int | None]:
        """Key and partition of a record, from `key`, `partition_key` or `partition`.

        Raises:
            DeliveryFailedError: the topic has no such partition.
            BrokerUnavailableError: the broker could not be asked how many there are.
        """
        key, partition = hints.get("key"), hints.get("partition")
        if partition is not None:
            self._check(topic, partition)
        elif (chooses := hints.get("partition_key")) is not None:
            self._count_anew()
            partition = partition_of(chooses, self._count(topic))
        return key, partition

    def count(self, topic: str) -> int:
        """How many partitions a topic has; -1 when it is not there.

        Raises:
            BrokerUnavailableError: the broker does not answer.
        """
        if self._topics.partitions(topic) is None:
            self._topics.names()
        known = self._topics.partitions(topic)
        return -1 if known is None else known

    def _check(self, topic: str, partition: int) -> None:
        known = self._topics.partitions(topic)
        if known is None or partition < known:
            return
        self._topics.names()  # there may be more by now
        count = self._count(topic)
        if partition >= count:
            raise DeliveryFailedError(
                f"Topic {topic!r} has no partition {partition}; it has {count}, from 0 up."
            )

    def _count_anew(self) -> None:
        """So that partition keys go where keys go, also when partitions were added."""
        if clock.monotonic() < self._count_at:
            return
        self._count_at = clock.monotonic() + COUNT_SECONDS
        with suppress(BrokerUnavailableError):
            self._topics.names()

    def _count(self, topic: str) -> int:
        count = self._topics.partitions(topic)
        if count is None:
            raise BrokerUnavailableError(
                f"How many partitions {topic!r} has is not known, as the broker does not answer; "
                f"so a partition_key cannot choose one. Nothing was sent."
            )
        return count
