"""What an admin sees and changes."""

from __future__ import annotations

import pytest

from samovar.broker.port import Commit, NewRecord, TopicPartition, TopicSpec
from samovar.errors import BrokerError, UnknownTopicError
from samovar.testing.contracts.bench import Bench, eventually


class Looking:
    def test_a_topic_is_created_once(self, bench: Bench) -> None:
        name = bench.topic(partitions=2)
        other = bench.unique("topic")

        created = bench.admin.create_topics(
            [TopicSpec(name=name, partitions=2), TopicSpec(name=other, partitions=3)]
        )
        bench.will_delete(other)

        assert created == [other]
        topics = bench.admin.topics()
        assert (topics[name], topics[other]) == (2, 3)

    def test_some_topics_may_be_asked_for_by_name(self, bench: Bench) -> None:
        one, two = bench.topic(partitions=2), bench.topic(partitions=3)
        bench.topic()

        assert bench.admin.topics([one, two, bench.unique("never-was")]) == {one: 2, two: 3}
        assert bench.admin.topics([]) == {}

    def test_topics_for_dead_letters_are_remembered_or_none_is(self, bench: Bench) -> None:
        plain, dead = bench.topic(), bench.unique("dead")
        bench.admin.create_topics([TopicSpec(name=dead, partitions=1, is_dead_letter=True)])
        bench.will_delete(dead)

        remembered = bench.admin.dead_letter_topics()
        assert plain not in remembered
        assert dead in remembered or not remembered

    def test_deleted_topics_are_gone(self, bench: Bench) -> None:
        kept, gone = bench.topic(), bench.topic()
        bench.producer.produce_sync([NewRecord(gone, b"x")])

        bench.admin.delete_topics([gone, bench.unique("never-was")])

        eventually(lambda: gone not in bench.admin.topics(), what="the topic is gone")
        assert kept in bench.admin.topics()

    def test_watermarks_span_the_records(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        bench.producer.produce_sync([NewRecord(topic, b"x", partition=1) for _ in range(3)])

        assert bench.admin.watermarks(topic) == {
            TopicPartition(topic, 0): (0, 0),
            TopicPartition(topic, 1): (0, 3),
        }

    def test_an_unknown_topic_has_no_watermarks(self, bench: Bench) -> None:
        with pytest.raises(UnknownTopicError):
            bench.admin.watermarks(bench.unique("never-was"))

    def test_committed_tells_a_groups_positions(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        assert bench.committed("readers", topic) == {}
        (place,) = bench.producer.produce_sync([NewRecord(topic, b"x", partition=1)])
        member = bench.member(topic, group="readers")
        member.poll_until_received(1)

        member.store(place)
        member.consumer.commit()

        assert bench.committed("readers", topic) == {1: place.offset + 1}

    def test_one_may_commit_for_a_group_without_members(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)
        bench.producer.produce_sync([NewRecord(topic, b"%d" % n, partition=1) for n in range(5)])
        keeper = bench.member(topic, group="keeper")
        keeper.poll_until_received(5)
        group = bench.unique("tool")
        first, second = TopicPartition(topic, 1), TopicPartition(topic, 2)

        bench.admin.commit(group, {first: Commit(2, "läuft"), second: Commit(0)})
        assert bench.admin.commits(group, topic) == {first: (2, "läuft"), second: (0, "")}
        bench.admin.commit(group, {first: Commit(4, "x" * 4095)})

        assert bench.admin.commits(group, topic) == {first: (4, "x" * 4095), second: (0, "")}
        assert bench.admin.committed(group, topic) == {first: 4, second: 0}

    def test_nobody_may_commit_for_a_group_that_has_members(self, bench: Bench) -> None:
        topic = bench.topic()
        member = bench.member(topic, group="readers")
        member.poll_until_held(1)

        with pytest.raises(BrokerError):
            bench.admin.commit(bench.group("readers"), {TopicPartition(topic, 0): Commit(0)})

    def test_records_can_be_read_outside_any_group(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)
        places = bench.producer.produce_sync(
            [NewRecord(topic, b"%d" % n, key=b"k", headers=(("h", b"1"),)) for n in range(10)]
        )

        records = bench.admin.read(source, places[3].offset, 4)

        assert [record.value for record in records] == [b"3", b"4", b"5", b"6"]
        assert [record.offset for record in records] == [place.offset for place in places[3:7]]
        assert {(record.key, record.headers) for record in records} == {(b"k", (("h", b"1"),))}
        assert bench.admin.read(source, places[9].offset + 1, 4) == []

    def test_groups_that_read_a_topic_are_seen_while_they_have_members(self, bench: Bench) -> None:
        one, two, idle = bench.topic(partitions=2), bench.topic(), bench.topic()
        members = [bench.member(one, group="a"), bench.member(one, two, group="b")]
        for member, partitions in zip(members, (2, 3), strict=True):
            member.poll_until_held(partitions)
        a, b = bench.group("a"), bench.group("b")

        assert bench.admin.readers([one, idle]) == {one: {a, b}}
        assert bench.admin.readers([two]) == {two: {b}}
        for member in members:
            member.close()

        eventually(lambda: bench.admin.readers([one, two]) == {}, what="nobody reads them")

    def test_a_topic_is_described_as_it_is(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)

        described = bench.admin.describe([topic, bench.unique("never-was")])

        assert {name: state.partitions for name, state in described.items()} == {topic: 3}

    def test_partitions_are_added_and_never_taken_away(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)

        bench.admin.add_partitions(topic, 4)
        bench.admin.add_partitions(topic, 3)

        assert bench.admin.topics()[topic] == 4
        with pytest.raises(UnknownTopicError):
            bench.admin.add_partitions(bench.unique("never-was"), 4)

    def test_settings_are_changed_one_by_one_where_there_are_any(self, bench: Bench) -> None:
        topic = bench.topic()
        before = bench.admin.describe([topic])[topic].config

        bench.admin.set_config(topic, {"retention.ms": "86400000"})

        wanted = None if before is None else {**before, "retention.ms": "86400000"}
        eventually(
            lambda: bench.admin.describe([topic])[topic].config == wanted,
            what="this setting is another one, and no other is",
        )
