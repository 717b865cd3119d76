"""What is written atomically is there whole or not at all, and by one producer of a name."""

from __future__ import annotations

import pytest

from samovar.broker.port import NewRecord, TopicPartition
from samovar.errors import BrokerError, DeliveryFailedError, FencedError
from samovar.testing.contracts.bench import Bench


class Atomicity:
    def test_records_of_several_topics_are_written_together(self, bench: Bench) -> None:
        one, other = bench.topic(), bench.topic(partitions=3)
        producer = bench.broker.atomic_producer(bench.unique("writer"))
        headers = (("h", b"1"),)

        written = producer.produce_atomically(
            [
                NewRecord(one, b"a", key=b"k", headers=headers),
                NewRecord(other, None, key=b"k", partition=2),
                NewRecord(one, b"b"),
            ]
        )
        producer.close()

        first, second = TopicPartition(one, 0), TopicPartition(other, 2)
        assert [place.source for place in written] == [first, second, first]
        member = bench.member(one, other)
        member.poll_until_received(3)
        (a, b), (tombstone,) = member.received[first], member.received[second]
        assert (a.value, a.key, a.headers) == (b"a", b"k", headers)
        assert (b.value, tombstone.value, tombstone.key) == (b"b", None, b"k")
        assert [a.offset, tombstone.offset, b.offset] == [place.offset for place in written]

    def test_a_refused_record_keeps_back_the_others_and_not_those_that_follow(
        self, bench: Bench
    ) -> None:
        topic = bench.topic()
        producer = bench.broker.atomic_producer(bench.unique("writer"))

        with pytest.raises(BrokerError) as refusal:
            producer.produce_atomically(
                [NewRecord(topic, b"x"), NewRecord(topic, b"y", partition=7)]
            )
        assert isinstance(refusal.value, DeliveryFailedError | LookupError)
        producer.produce_atomically([NewRecord(topic, b"z")])
        producer.close()

        member = bench.member(topic)
        member.poll_until_received(1)
        assert member.values(topic, 0) == [b"z"]

    def test_positions_are_committed_together_with_records(self, bench: Bench) -> None:
        source, target = bench.topic(), bench.topic()
        places = bench.producer.produce_sync([NewRecord(source, b"%d" % n) for n in range(5)])
        reader = bench.member(source, group="readers")
        reader.poll_until_received(5)
        marks = {TopicPartition(source, 0): places[2].offset + 1}
        producer = bench.broker.atomic_producer(bench.unique("writer"))

        with pytest.raises(BrokerError):
            producer.produce_atomically(
                [NewRecord(target, b"x", partition=7)], marks, reader.consumer.membership()
            )
        assert bench.committed("readers", source) == {}
        producer.produce_atomically([NewRecord(target, b"y")], marks, reader.consumer.membership())
        producer.close()

        assert bench.committed("readers", source) == {0: places[2].offset + 1}
        member = bench.member(target)
        member.poll_until_received(1)
        assert member.values(target, 0) == [b"y"]

    def test_who_has_left_commits_nothing_and_writes_nothing(self, bench: Bench) -> None:
        source, target = bench.topic(), bench.topic()
        (place,) = bench.producer.produce_sync([NewRecord(source, b"1")])
        reader = bench.member(source, group="readers")
        reader.poll_until_received(1)
        membership = reader.consumer.membership()
        reader.close()
        producer = bench.broker.atomic_producer(bench.unique("writer"))

        with pytest.raises(BrokerError):
            producer.produce_atomically(
                [NewRecord(target, b"x")],
                {TopicPartition(source, 0): place.offset + 1},
                membership,
            )
        producer.close()

        assert bench.committed("readers", source) == {}
        assert bench.admin.read(TopicPartition(target, 0), 0, 10) == []

    def test_the_newest_producer_of_a_name_fences_those_before(self, bench: Bench) -> None:
        topic = bench.topic()
        name = bench.unique("writer")
        older, newer = bench.broker.atomic_producer(name), bench.broker.atomic_producer(name)
        older.produce_atomically([NewRecord(topic, b"1")])
        newer.produce_atomically([NewRecord(topic, b"2")])

        with pytest.raises(FencedError):
            older.produce_atomically([NewRecord(topic, b"3")])
        newer.produce_atomically([NewRecord(topic, b"4")])
        older.close()
        newer.close()

        member = bench.member(topic)
        member.poll_until_received(3)
        assert member.values(topic, 0) == [b"1", b"2", b"4"]
