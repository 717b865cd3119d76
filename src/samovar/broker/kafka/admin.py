"""The port's Admin on librdkafka."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from confluent_kafka import Consumer as Reader
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic  # the package exports it without saying so

from samovar import events
from samovar.broker.kafka import failures, forks, headers, reading_groups, topic_settings
from samovar.broker.port import (
    Commit,
    Record,
    TopicPartition,
    TopicSpec,
    TopicState,
    Watermarks,
    config_text,
)
from samovar.errors import BrokerError, BrokerUnavailableError, UnknownTopicError
from samovar.support import clock

T = TypeVar("T")

_EARLIEST: Any = OffsetSpec.earliest()
_LATEST: Any = OffsetSpec.latest()
_UNSETTLED = failures.NO_COORDINATOR | {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
}
#: Where a share group begins in a partition that is new to it.
_SHARE_BEGINS = "share.auto.offset.reset"
#: How often a share group hands a record out before it drops it.
_SHARE_DELIVERIES = "share.delivery.count.limit"
#: The most that brokers allow without a setting of their own. No job is to be dropped: what has
#: failed becomes a copy, and what comes back is moved aside long before.
_MAX_DELIVERIES = 10
#: Longest wait for one answer, in seconds.
ANSWER_SECONDS = 10.0
#: Partitions that are asked for in one request.
MAX_PARTITIONS_AT_ONCE = 500
#: How soon a cluster that is not settled yet is asked again, in seconds.
SETTLING_STEP_SECONDS = 0.1
#: How soon topics that were created are looked for again, in seconds.
APPEARING_STEP_SECONDS = 0.02
METADATA_SECONDS = topic_settings.METADATA_SECONDS


class KafkaAdmin:
    """Looks at and changes topics and groups. Connects on first use."""

    def __init__(self, properties: Mapping[str, Any], reader: Mapping[str, Any]) -> None:
        """`reader` are a consumer's properties, for reading records outside any group."""
        self._properties = dict(properties)
        self._reader = dict(reader)
        self._address = self._properties.get("bootstrap.servers")
        self._lock = threading.RLock()
        self._client: AdminClient | None = None
        forks.register(self)

    def topics(self, names: Collection[str] | None = None) -> dict[str, int]:
        """See the port; Kafka's own topics (``__...``) are left out."""
        if names is not None:
            return topic_settings.partitions(self._connected(), names) if names else {}
        metadata = self._metadata("Listing topics")
        return {
            name: len(topic.partitions)
            for name, topic in metadata.topics.items()
            if topic.error is None and not name.startswith("__")
        }

    def dead_letter_topics(self) -> frozenset[str]:
        """See the port; Kafka keeps no such mark."""
        return frozenset()

    def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """See the port."""
        if not specs:
            return []
        created: list[str] = []
        for some in _by_partitions(specs):
            futures = self._connected().create_topics([_new_topic(spec) for spec in some])
            created += [name for name, future in futures.items() if _created(name, future)]
            self._wait_until_usable({spec.name for spec in some})
        return created

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        """See the port."""
        found = self._metadata("Describing topics").topics
        there = [name for name in names if name in found and found[name].error is None]
        settings = topic_settings.in_force(self._connected(), there)
        return {
            name: TopicState(
                partitions=len(found[name].partitions),
                replication_factor=len(found[name].partitions[0].replicas),
                config=settings[name],
            )
            for name in there
        }

    def add_partitions(self, topic: str, total: int) -> None:
        """See the port."""
        if total <= len(self._partitions(topic)):
            return
        topic_settings.grow(self._connected(), topic, total)
        until = clock.monotonic() + ANSWER_SECONDS
        while len(self._partitions(topic)) < total:
            if clock.monotonic() > until:
                raise BrokerUnavailableError(f"Added partitions of {topic!r} do not appear.")

    def set_config(self, topic: str, config: Mapping[str, str]) -> None:
        """See the port."""
        topic_settings.change(self._connected(), topic, config)

    def delete_topics(self, names: Sequence[str]) -> None:
        """See the port."""
        if not names:
            return
        for name, future in self._connected().delete_topics(list(names)).items():
            try:
                future.result(ANSWER_SECONDS)
            except KafkaException as error:
                if failures.reason(error).code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    doing = f"Deleting the topic {name!r}"
                    raise failures.translated(failures.reason(error), doing) from error

    def watermarks(self, topic: str) -> dict[TopicPartition, Watermarks]:
        """See the port."""
        partitions = self._partitions(topic)
        low = self._offsets(partitions, _EARLIEST)
        high = self._offsets(partitions, _LATEST)
        return {p: Watermarks(low[p], high[p]) for p in partitions}

    def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """See the port."""
        return {source: commit.position for source, commit in self.commits(group, topic).items()}

    def commits(self, group: str, topic: str) -> dict[TopicPartition, Commit]:
        """See the port. Asked through a consumer that does not join: an admin client's question
        crashes the process while the group has no coordinator yet (librdkafka #5040).
        """
        wanted = [KafkaPartition(*p) for p in self._partitions(topic)]
        with self._reading(group, "Reading the offsets") as client:
            answer = _when_settled(lambda: client.committed(wanted, timeout=ANSWER_SECONDS))
        return {
            TopicPartition(p.topic, p.partition): Commit(p.offset, p.metadata or "")
            for p in answer
            if p.offset >= 0
        }

    def commit(self, group: str, commits: Mapping[TopicPartition, Commit]) -> None:
        """See the port. A consumer that has not joined may commit while nobody else has."""
        offsets = [KafkaPartition(*p, c.position, c.metadata) for p, c in commits.items()]
        if not offsets:
            return
        with self._reading(group, "Committing offsets (has it members?)") as client:
            answer = _when_settled(lambda: client.commit(offsets=offsets, asynchronous=False))
        for part in answer or ():
            if part.error is not None:
                doing = f"Committing {part.topic}[{part.partition}] for group {group!r}"
                raise failures.translated(part.error, doing)

    def read(self, source: TopicPartition, offset: int, limit: int) -> list[Record]:
        """See the port."""
        if source not in (marks := self.watermarks(source.topic)):
            raise UnknownTopicError(f"There is no partition {source.topic}[{source.partition}].")
        low, high = marks[source]
        client = Reader(self._reader)
        try:
            client.assign([KafkaPartition(*source, max(offset, low))])
            return _read(client, high, limit)
        finally:
            client.close()

    def readers(self, topics: Collection[str]) -> dict[str, frozenset[str]]:
        """See the port."""
        return reading_groups.of(self._connected(), topics)

    def share_group(self, group: str, initial_offset: Literal["earliest", "latest"]) -> float:
        """See the port. Asking comes first: to change settings takes more permission."""
        client = self._connected()
        found = topic_settings.of_a_group(client, group)
        if found.get(_SHARE_BEGINS) != initial_offset:
            topic_settings.change_group(client, group, {_SHARE_BEGINS: initial_offset})
        if int(found.get(_SHARE_DELIVERIES, 5)) < _MAX_DELIVERIES:
            try:
                more = {_SHARE_DELIVERIES: str(_MAX_DELIVERIES)}
                topic_settings.change_group(client, group, more)
            except BrokerError as error:
                # These brokers allow fewer.
                events.announce("broker.error", error=error)
        return int(found.get("share.record.lock.duration.ms", 30_000)) / 1000

    def close(self) -> None:
        """See the port."""
        with self._lock:
            self._client = None

    def forked(self) -> None:
        """This is a child process: its parent's client is kept out of use, for ever."""
        forks.abandon(self._client)
        self._lock = threading.RLock()
        self._client = None

    @contextmanager
    def _reading(self, group: str, doing: str) -> Generator[Any, None, None]:
        """A consumer that belongs to the group by name only."""
        client = Reader({**self._reader, "group.id": group, "enable.auto.commit": False})
        try:
            yield client
        except KafkaException as error:
            doing = f"{doing} of group {group!r}"
            raise failures.translated(failures.reason(error), doing) from error
        finally:
            client.close()

    def _connected(self) -> Any:
        # The client's own types leave most of its answers unknown; ours begin where they return.
        with self._lock:
            if self._client is None:
                try:
                    self._client = AdminClient(self._properties)
                except KafkaException as error:
                    doing = "The Kafka admin client could not be made"
                    raise failures.translated(failures.reason(error), doing) from error
            return self._client

    def _metadata(self, doing: str) -> Any:
        try:
            return self._connected().list_topics(timeout=METADATA_SECONDS)
        except KafkaException as error:
            raise failures.translated(
                failures.reason(error), f"{doing} at {self._address}"
            ) from error

    def _wait_until_usable(self, names: set[str]) -> None:
        """Creation is asynchronous in the cluster: wait until the topics are seen."""
        until = clock.monotonic() + ANSWER_SECONDS
        while missing := names - self.topics(names).keys():
            if clock.monotonic() > until:
                raise BrokerUnavailableError(f"Created topics do not appear: {sorted(missing)}.")
            clock.sleep(APPEARING_STEP_SECONDS)

    def _partitions(self, topic: str) -> list[TopicPartition]:
        count = self.topics([topic]).get(topic)
        if count is None:
            raise UnknownTopicError(f"There is no topic {topic!r}.")
        return [TopicPartition(topic, index) for index in range(count)]

    def _offsets(
        self, partitions: Sequence[TopicPartition], spec: Any
    ) -> dict[TopicPartition, int]:
        wanted = {KafkaPartition(*p): spec for p in partitions}

        def ask() -> dict[TopicPartition, int]:
            futures = self._connected().list_offsets(wanted)
            return {
                TopicPartition(p.topic, p.partition): future.result(ANSWER_SECONDS).offset
                for p, future in futures.items()
            }

        try:
            return _when_settled(ask)
        except KafkaException as error:
            raise failures.translated(failures.reason(error), "Reading offsets") from error


def _by_partitions(specs: Sequence[TopicSpec]) -> Iterator[list[TopicSpec]]:
    """As many topics at a time as a broker makes in the time that is given to it."""
    some: list[TopicSpec] = []
    for spec in specs:
        if some and sum(s.partitions for s in some) + spec.partitions > MAX_PARTITIONS_AT_ONCE:
            yield some
            some = []
        some.append(spec)
    yield some


def _new_topic(spec: TopicSpec) -> NewTopic:
    return NewTopic(
        spec.name,
        spec.partitions,
        -1 if spec.replication_factor is None else spec.replication_factor,
        config={name: config_text(value) for name, value in spec.config.items()},
    )


def _created(name: str, future: Future[None]) -> bool:
    try:
        future.result(ANSWER_SECONDS)
    except KafkaException as error:
        if failures.reason(error).code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        doing = f"Creating the topic {name!r}"
        raise failures.translated(failures.reason(error), doing) from error
    return True


def _when_settled(ask: Callable[[], T]) -> T:
    """Ask again while a group's coordinator, or a partition's leader, moves or is just made."""
    until = clock.monotonic() + ANSWER_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            unsettled = failures.reason(error).code() in _UNSETTLED
            if not unsettled or clock.monotonic() > until:
                raise
        clock.sleep(SETTLING_STEP_SECONDS)


def _read(client: Reader, high: int, limit: int) -> list[Record]:
    records: list[Record] = []
    until = clock.monotonic() + ANSWER_SECONDS
    while len(records) < limit and clock.monotonic() < until:
        message = client.poll(0.2)
        if message is None:
            continue
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                break
            raise failures.translated(error, "Reading records")
        offset = message.offset() or 0
        (theirs,) = headers.of([message])
        records.append(
            Record(offset, message.value(), message.key(), theirs, message.timestamp()[1])
        )
        if offset + 1 >= high:
            break
    return records
