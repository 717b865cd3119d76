"""Whatever members do, each partition has one owner, and in quiet the group is in balance."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec

picks = st.integers(0, 99)


class Reader:
    """A member that notes everything it receives as done at once."""

    def __init__(self, consumer: EmbeddedConsumer, topics: Sequence[str]) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        self.was_killed = False
        consumer.subscribe(topics, self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        assert not self.held & set(partitions)
        self.held |= set(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        assert self.held >= set(partitions)
        self.held -= set(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self.revoked(partitions)

    def poll(self, timeout: float = 0) -> dict[TopicPartition, list[int]]:
        batches = self.consumer.poll(3, timeout)
        refused = self.consumer.store({b.source: b.records[-1].offset + 1 for b in batches})
        assert not refused
        return {b.source: [record.offset for record in b.records] for b in batches}


class GroupHistories(RuleBasedStateMachine):
    """Members come, go, die and read; topics come, grow and go."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        # So long a lease that only a closed pipe proves death; commits only when asked for.
        self.broker = EmbeddedBroker(
            self.directory / "log.db", lease=1000, commit_interval=1000, synchronous="normal"
        )
        self.admin, self.producer = self.broker.admin(), self.broker.producer()
        self.readers: list[Reader] = []
        self.written: dict[TopicPartition, int] = {}
        self.seen: dict[TopicPartition, set[int]] = {}
        self.create("mail", 3)

    @rule(topic=st.sampled_from(["mail", "images"]), partitions=st.integers(1, 5))
    def create(self, topic: str, partitions: int) -> None:
        if self.admin.create_topics([TopicSpec(name=topic, partitions=partitions)]):
            self.written.update({TopicPartition(topic, n): 0 for n in range(partitions)})

    @rule(partitions=st.integers(1, 6))
    def grow(self, partitions: int) -> None:
        self.admin.add_partitions("mail", partitions)
        for number in range(partitions):
            self.written.setdefault(TopicPartition("mail", number), 0)

    @rule()
    def delete(self) -> None:
        self.admin.delete_topics(["images"])
        for source in [source for source in self.written if source.topic == "images"]:
            del self.written[source]
            self.seen.pop(source, None)

    @rule(pick=picks, count=st.integers(1, 10))
    def write(self, pick: int, count: int) -> None:
        source = sorted(self.written)[pick % len(self.written)]
        written = self.producer.produce_sync(
            [NewRecord(source.topic, b"x", partition=source.partition)] * count
        )
        first = self.written[source]
        assert [place.offset for place in written] == list(range(first, first + count))
        self.written[source] += count

    @precondition(lambda self: len(self.readers) < 5)
    @rule()
    def join(self) -> None:
        self.readers.append(Reader(self.broker.consumer("readers"), ["mail", "images"]))

    @precondition(lambda self: self.readers)
    @rule(pick=picks)
    def poll(self, pick: int) -> None:
        self.note(self.readers[pick % len(self.readers)].poll())

    @precondition(lambda self: self.readers)
    @rule(pick=picks)
    def commit(self, pick: int) -> None:
        self.readers[pick % len(self.readers)].consumer.commit()

    @precondition(lambda self: self.readers)
    @rule(pick=picks)
    def leave(self, pick: int) -> None:
        self.readers.pop(pick % len(self.readers)).consumer.close()

    @precondition(lambda self: self.readers)
    @rule(pick=picks)
    def die(self, pick: int) -> None:
        reader = self.readers.pop(pick % len(self.readers))
        member = reader.consumer._membership
        assert member is not None
        member.pipe.forget()
        reader.consumer._store.close()

    @precondition(lambda self: self.readers)
    @rule()
    def settle(self) -> None:
        """In quiet every record comes to somebody, and all have a fair share."""
        for _ in range(200):
            for reader in self.readers:
                membership = reader.consumer._membership
                assert membership is not None
                membership.next_tick = 0  # Look for the dead now.
                self.note(reader.poll())
            held = sorted(len(reader.held) for reader in self.readers)
            is_fair = sum(held) == len(self.written) and held[-1] - held[0] <= 1
            if is_fair and self.everything_was_seen():
                return
        raise AssertionError(f"{held} of {len(self.written)} held; seen: {self.seen}")

    @invariant()
    def nobody_shares_a_partition(self) -> None:
        owned = [
            source
            for reader in self.readers
            for source in reader.held
            # A deleted topic's partitions are held until the member looks.
            if source in self.written
        ]
        assert len(owned) == len(set(owned))

    def note(self, received: dict[TopicPartition, list[int]]) -> None:
        for source, offsets in received.items():
            self.seen.setdefault(source, set()).update(offsets)

    def everything_was_seen(self) -> bool:
        return all(
            len(self.seen.get(source, ())) == count for source, count in self.written.items()
        )

    def teardown(self) -> None:
        for reader in self.readers:
            reader.consumer.close()
        self.producer.close(1)
        self.admin.close()
        shutil.rmtree(self.directory)


TestGroupHistories = GroupHistories.TestCase
TestGroupHistories.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
