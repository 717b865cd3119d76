"""Members share partitions, and let go of them in order."""

from __future__ import annotations

import time

import pytest

from samovar.broker.port import NewRecord, TopicPartition
from samovar.testing.contracts.bench import (
    Bench,
    eventually,
    member_values,
    poll_all,
    poll_until_shared,
)


class Groups:
    def test_members_hear_what_comes_and_goes(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        both = {TopicPartition(topic, 0), TopicPartition(topic, 1)}
        member = bench.member(topic)

        member.poll_until_held(2)
        assert member.held == both
        member.close()

        assert member.held == set()
        assert {source for what, source in member.heard if what == "revoked"} == both

    def test_a_group_shares_its_partitions_and_each_has_one_owner(self, bench: Bench) -> None:
        topic = bench.topic(partitions=4)
        one, other = bench.member(topic, group="pair"), bench.member(topic, group="pair")

        poll_until_shared(one, other)
        sources = [TopicPartition(topic, n) for n in range(4)]
        bench.producer.produce_sync([NewRecord(topic, b"x", partition=n) for n in range(4)])
        eventually(
            lambda: poll_all(one, other) and one.count + other.count >= 4, what="four records came"
        )

        assert one.held | other.held == set(sources)
        for member in (one, other):
            assert {source for source, records in member.received.items() if records} == member.held

    def test_what_a_leaving_member_stored_is_not_read_again(self, bench: Bench) -> None:
        topic = bench.topic(partitions=4)
        one, other = bench.member(topic, group="pair"), bench.member(topic, group="pair")
        poll_until_shared(one, other)
        bench.producer.produce_sync([NewRecord(topic, b"1", partition=n) for n in range(4)])
        eventually(
            lambda: poll_all(one, other) and one.count == other.count == 2, what="two records each"
        )

        for member in (one, other):
            member.store_all()
        one.close()
        other.poll_until_held(4)
        bench.producer.produce_sync([NewRecord(topic, b"2", partition=n) for n in range(4)])
        other.poll_until_received(6)

        for source in (TopicPartition(topic, n) for n in range(4)):
            seen = member_values(one, source) + member_values(other, source)
            assert seen == [b"1", b"2"]

    def test_what_is_stored_while_partitions_are_revoked_is_committed(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        bench.producer.produce_sync([NewRecord(topic, b"1", partition=n) for n in range(2)])
        one = bench.member(topic, group="pair")
        one.poll_until_received(2)
        one.before_revoked = one.store_all

        other = bench.member(topic, group="pair")
        poll_until_shared(one, other)
        bench.producer.produce_sync([NewRecord(topic, b"2", partition=n) for n in range(2)])
        eventually(
            lambda: poll_all(one, other) and one.count + other.count >= 4, what="all records came"
        )

        (moved,) = other.held
        assert member_values(other, moved) == [b"2"]

    def test_a_member_that_takes_its_time_to_let_go_stays_one(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        one = bench.member(topic, group="pair")
        one.poll_until_held(2)

        other = bench.member(topic, group="pair")

        def take_four_seconds() -> None:
            # As a running job may: only the clock can show whether the membership lapses.
            until = time.monotonic() + 4
            while time.monotonic() < until:
                one.consumer.keep_alive()
                other.poll(timeout=0.2)

        one.before_revoked = take_four_seconds
        poll_until_shared(one, other)

        assert "lost" not in {what for what, _ in one.heard}

    @pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 1.0])
    def test_a_member_without_partitions_holds_up_nobody_when_it_has_left(
        self, bench: Bench, seconds: float
    ) -> None:
        topic = bench.topic(partitions=1)
        holder = bench.member(topic, group="pair")
        holder.poll_until_held(1)
        idle = bench.member(topic, group="pair")
        # However far it has come with joining.
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            poll_all(holder, idle)

        idle.close()
        holder.close()
        heir = bench.member(topic, group="pair")

        eventually(
            lambda: poll_all(heir) and heir.held,
            within=10,
            what="a later member gets the partition",
        )

    def test_one_member_may_read_several_topics(self, bench: Bench) -> None:
        topics = [bench.topic(), bench.topic(partitions=2)]
        bench.producer.produce_sync([NewRecord(topic, topic.encode()) for topic in topics])
        member = bench.member(*topics)

        member.poll_until_received(2)

        assert len(member.held) == 3
        assert sorted(
            record.value or b"" for records in member.received.values() for record in records
        ) == sorted(topic.encode() for topic in topics)

    def test_subscribing_again_changes_the_topics(self, bench: Bench) -> None:
        first, second = bench.topic(partitions=2), bench.topic(partitions=2)
        member = bench.member(first)
        member.poll_until_held(2)

        member.consumer.subscribe([first, second], member)
        member.poll_until_held(4)
        bench.producer.produce_sync([NewRecord(topic, b"x") for topic in (first, second)])
        member.poll_until_received(2)

        member.consumer.subscribe([second], member)
        member.poll_until_held(2)
        assert {source.topic for source in member.held} == {second}
