"""Where a group begins, and readers that are no members."""

from __future__ import annotations

from samovar.broker.port import NewRecord, TopicPartition
from samovar.testing.contracts.bench import Bench, eventually


class Direct:
    def test_a_group_may_begin_at_the_end(self, bench: Bench) -> None:
        topic = bench.topic()
        bench.producer.produce_sync([NewRecord(topic, b"old")])
        latest = bench.member(topic, initial_offset="latest")
        earliest = bench.member(topic, initial_offset="earliest")
        latest.poll_until_held(1)

        def came() -> bool:
            # Where the end is may be asked only after the partition has come.
            bench.producer.produce_sync([NewRecord(topic, b"new")])
            return bool(latest.poll())

        eventually(came, what="a new record came")
        eventually(lambda: earliest.poll() and earliest.count > 1, what="all records came")

        assert set(latest.values(topic, 0)) == {b"new"}
        assert earliest.values(topic, 0)[:2] == [b"old", b"new"]

    def test_where_a_group_begins_does_not_matter_once_it_has_committed(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(3)])
        first = bench.member(topic, group="readers")
        first.poll_until_received(3)
        first.store(places[0])
        first.close()

        second = bench.member(topic, group="readers", initial_offset="latest")
        second.poll_until_received(2)

        assert second.values(topic, 0) == [b"1", b"2"]

    def test_assigned_partitions_are_read_and_no_others(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)
        bench.producer.produce_sync([NewRecord(topic, b"%d" % n, partition=n) for n in range(3)])
        wanted = [TopicPartition(topic, 0), TopicPartition(topic, 2)]

        reader = bench.member(*wanted)
        reader.poll_until_received(2)

        assert reader.held == set(wanted)
        assert [("assigned", source) for source in wanted] == sorted(reader.heard)

    def test_who_is_assigned_goes_on_from_what_it_committed(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(4)])
        source = TopicPartition(topic, 0)
        first = bench.member(source, group="readers")
        first.poll_until_received(4)
        first.store(places[1])
        first.close()
        assert bench.committed("readers", topic) == {0: places[1].offset + 1}
        assert ("revoked", source) in first.heard

        second = bench.member(source, group="readers")
        second.poll_until_received(2)

        assert second.values(topic, 0) == [b"2", b"3"]

    def test_being_assigned_again_changes_the_partitions(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        one, two = (TopicPartition(topic, n) for n in range(2))
        reader = bench.member(one)
        reader.poll_until_held(1)

        reader.consumer.assign([one, two], reader)
        reader.poll_until_held(2)
        bench.producer.produce_sync([NewRecord(topic, b"x", partition=n) for n in range(2)])
        reader.poll_until_received(2)

        reader.consumer.assign([two], reader)
        eventually(lambda: reader.poll() or reader.held == {two}, what="one partition has left")

    def test_nobody_shares_assigned_partitions(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)
        one, other = bench.member(source), bench.member(source)

        bench.producer.produce_sync([NewRecord(topic, b"x")])
        one.poll_until_received(1)
        other.poll_until_received(1)

        assert one.held == other.held == {source}
