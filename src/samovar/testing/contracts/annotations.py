"""What a group notes beside a position is there for whoever goes on from it."""

from __future__ import annotations

from samovar.broker.port import METADATA_BYTES, Commit, NewRecord, TopicPartition
from samovar.testing.contracts.bench import Bench, Member, eventually


def reader(bench: Bench) -> tuple[TopicPartition, Member]:
    """A partition with five records, and a member of "readers" that has received them."""
    source = TopicPartition(bench.topic(), 0)
    bench.producer.produce_sync([NewRecord(source.topic, b"%d" % n) for n in range(5)])
    member = bench.member(source.topic, group="readers")
    member.poll_until_received(5)
    return source, member


class Annotations:
    def test_a_text_is_committed_with_its_position(self, bench: Bench) -> None:
        source, first = reader(bench)
        first.consumer.store({source: 3}, {source: "3 and 4 are in work ✓"})
        first.consumer.commit()
        first.close()

        second = bench.member(source.topic, group="readers")
        second.poll_until_received(2)

        assert second.values(source.topic, 0) == [b"3", b"4"]
        assert second.consumer.commits([source]) == {source: Commit(3, "3 and 4 are in work ✓")}

    def test_the_text_may_change_where_the_position_does_not(self, bench: Bench) -> None:
        source, member = reader(bench)
        for text in ("one", "two", ""):
            member.consumer.store({source: 3}, {source: text})
            member.consumer.commit()

            assert member.consumer.commits([source]) == {source: Commit(3, text)}

    def test_a_text_is_committed_in_time_and_on_closing(self, bench: Bench) -> None:
        source, member = reader(bench)
        member.consumer.store({source: 3}, {source: "one"})

        def is_committed() -> bool:
            member.poll()
            return member.consumer.commits([source]) == {source: Commit(3, "one")}

        eventually(is_committed, what="a commit")
        member.consumer.store({source: 3}, {source: "two"})
        member.close()

        other = bench.member(source.topic, group="readers")
        other.poll_until_held(1)
        assert other.consumer.commits([source]) == {source: Commit(3, "two")}

    def test_a_text_is_committed_as_soon_as_it_is_wanted(self, bench: Bench) -> None:
        source, member = reader(bench)
        for text in ("one", "two"):
            member.consumer.store({source: 3}, {source: text})
            assert not member.consumer.is_committed(source)
            member.consumer.commit_soon()

            def is_committed() -> bool:
                member.poll()
                return member.consumer.is_committed(source)

            eventually(is_committed, what="a commit")
            assert member.consumer.commits([source]) == {source: Commit(3, text)}

    def test_an_earlier_position_with_a_text_is_not_committed_after_a_later_one(
        self, bench: Bench
    ) -> None:
        source, member = reader(bench)
        member.consumer.store({source: 3}, {source: "one"})
        member.consumer.store({source: 4})
        member.consumer.commit()

        assert member.consumer.commits([source])[source].position == 4

    def test_a_text_may_fill_its_room(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)
        bench.producer.produce_sync([NewRecord(topic, b"x")])
        member = bench.member(topic, group="readers")
        member.poll_until_received(1)
        member.consumer.store({source: 0}, {source: "x" * METADATA_BYTES})
        member.consumer.commit()

        assert member.consumer.commits([source]) == {source: Commit(0, "x" * METADATA_BYTES)}

    def test_what_was_never_committed_is_absent(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        one, other = TopicPartition(topic, 0), TopicPartition(topic, 1)
        member = bench.member(topic, group="readers")
        member.poll_until_held(2)
        member.consumer.store({one: 0})
        member.consumer.store({other: 0}, {other: "noted"})
        assert member.consumer.commits([one, other]) == {}
        member.consumer.commit()

        assert member.consumer.commits([one, other]) == {
            one: Commit(0, ""),
            other: Commit(0, "noted"),
        }

    def test_a_text_for_what_is_not_held_is_refused(self, bench: Bench) -> None:
        topic, strange = bench.topic(), bench.topic()
        source = TopicPartition(strange, 0)
        member = bench.member(topic, group="readers")
        member.poll_until_held(1)

        assert member.consumer.store({source: 1}, {source: "noted"}) == {source}
        member.consumer.commit()

        assert bench.committed("readers", strange) == {}
