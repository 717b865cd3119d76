"""What the tests of the contract work with: topics of their own, members, and patience."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from samovar.broker.port import (
    Admin,
    Broker,
    Consumer,
    ConsumerOptions,
    Producer,
    Record,
    TopicPartition,
    TopicSpec,
    Written,
)

T = TypeVar("T")


class Bench:
    """What a test works with: fresh names, one producer, one admin, members; closes them all."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.producer: Producer = broker.producer()
        self.admin: Admin = broker.admin()
        self._name = uuid.uuid4().hex[:8]
        self._members: list[Member] = []
        self._topics: list[str] = []

    def unique(self, name: str) -> str:
        """A name that nothing else on this broker bears."""
        return f"contract-{name}-{uuid.uuid4().hex[:8]}"

    def topic(self, *, partitions: int = 1) -> str:
        """A new topic."""
        name = self.unique("topic")
        self.admin.create_topics([TopicSpec(name=name, partitions=partitions)])
        self.will_delete(name)
        return name

    def will_delete(self, topic: str) -> None:
        """Delete the topic in the end."""
        self._topics.append(topic)

    def member(
        self, *topics: str | TopicPartition, group: str | None = None, **options: Any
    ) -> Member:
        """A subscribed member, or one that is assigned partitions; without a group's name it has
        one of its own. The options are those of `ConsumerOptions`."""
        group = self.group(group) if group else self.unique("group")
        member = Member(self.broker.consumer(group, ConsumerOptions(**options)), topics)
        self._members.append(member)
        return member

    def group(self, name: str) -> str:
        """The real name of a group of this test."""
        return f"{self._name}-{name}"

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's positions by partition."""
        positions = self.admin.committed(self.group(group), topic)
        return {source.partition: offset for source, offset in positions.items()}

    def close(self) -> None:
        """Leave nothing behind."""
        for member in self._members:
            member.close()
        self.producer.close(10)
        self.admin.delete_topics(self._topics)
        self.admin.close()


class Member:
    """A consumer and what it has heard and received."""

    def __init__(self, consumer: Consumer, topics: Sequence[str | TopicPartition]) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        #: Callbacks, a line for each partition: ("assigned", source).
        self.heard: list[tuple[str, TopicPartition]] = []
        self.received: dict[TopicPartition | tuple[str, int], list[Record]] = _Received()
        #: Called when partitions are about to leave.
        self.before_revoked: Callable[[], object] = lambda: None
        self._is_closed = False
        if partitions := [topic for topic in topics if isinstance(topic, TopicPartition)]:
            consumer.assign(partitions, self)
        else:
            consumer.subscribe([topic for topic in topics if isinstance(topic, str)], self)

    # Fulfils RebalanceListener.

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        assert not self.held & set(partitions), f"assigned twice: {partitions}"
        self.held |= set(partitions)
        self.heard += [("assigned", source) for source in partitions]

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.before_revoked()
        self.held -= set(partitions)
        self.heard += [("revoked", source) for source in partitions]

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self.held -= set(partitions)
        self.heard += [("lost", source) for source in partitions]

    # Reading.

    def poll(self, *, max_records: int = 500, timeout: float = 0.1) -> list[list[Record]]:
        """Poll once, remember what came, and return it."""
        batches = self.consumer.poll(max_records, timeout)
        for batch in batches:
            assert batch.source in self.held, f"records of {batch.source}, which is not held"
            self.received[batch.source] += batch.records
        return [batch.records for batch in batches]

    def poll_until_received(self, count: int) -> None:
        """Poll until `count` records have come in all, and no more."""
        eventually(lambda: self._poll_and(self.count >= count), what=f"{count} records came")
        assert self.count == count

    def poll_until_held(self, count: int) -> None:
        """Poll until `count` partitions are held."""
        eventually(
            lambda: self._poll_and(len(self.held) == count), what=f"{count} partitions are held"
        )

    @property
    def count(self) -> int:
        return sum(len(records) for records in self.received.values())

    def values(self, topic: str, partition: int) -> list[bytes]:
        """The values that came of one partition."""
        return [record.value or b"" for record in self.received[topic, partition]]

    # Positions.

    def store(self, place: Written) -> None:
        """This record and all before it are done."""
        assert self.consumer.store({place.source: place.offset + 1}) == frozenset()

    def store_all(self) -> None:
        """All that came of the partitions still held is done."""
        done: Mapping[TopicPartition, int] = {
            source: self.received[source][-1].offset + 1
            for source in self.held
            if self.received[source]
        }
        assert self.consumer.store(done) == frozenset()

    def close(self) -> None:
        """Leave, once."""
        if not self._is_closed:
            self._is_closed = True
            self.consumer.close()

    def _poll_and(self, reached: bool) -> bool:
        if not reached:
            self.poll()
        return reached


class _Received(dict[TopicPartition | tuple[str, int], list[Record]]):
    """Records by partition; a TopicPartition and a plain pair are the same key."""

    def __missing__(self, source: TopicPartition | tuple[str, int]) -> list[Record]:
        records: list[Record] = []
        self[source] = records
        return records


def member_values(member: Member, source: TopicPartition) -> list[bytes]:
    """The values that came to the member of one partition."""
    return member.values(source.topic, source.partition)


def schedules(bench: Bench) -> None:
    """Skip the test where records cannot wait."""
    if not bench.producer.schedules:
        pytest.skip("this broker does not schedule")


def in_seconds(seconds: float) -> int:
    """A time from now, nanoseconds since the epoch."""
    return time.time_ns() + int(seconds * 1e9)


def poll_all(*members: Member) -> bool:
    """Poll each once; always true. No partition may have two owners at any time."""
    for member in members:
        member.poll()
        owned = [source for each in members for source in each.held]
        assert len(owned) == len(set(owned)), f"two owners: {sorted(owned)}"
    return True


def poll_until_shared(one: Member, other: Member) -> None:
    """Poll both, in turn, until each holds the same number of partitions."""
    eventually(
        lambda: poll_all(one, other) and one.held and len(one.held) == len(other.held),
        what="the partitions are shared evenly",
    )


def eventually(condition: Callable[[], T], *, within: float = 30.0, what: str) -> T:
    """Ask again and again until the answer is truthy, and return it.

    Raises:
        AssertionError: the time is up; says what was last seen.
    """
    deadline = time.monotonic() + within
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"Not within {within:g} s: {what}. Last seen: {seen!r}"
        time.sleep(0.005)
    return seen
