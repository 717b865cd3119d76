"""What a group has stored and committed is where it goes on."""

from __future__ import annotations

from samovar.broker.port import NewRecord, TopicPartition
from samovar.testing.contracts.bench import Bench, eventually


class Positions:
    def test_a_group_goes_on_from_its_commit(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(10)])
        first = bench.member(topic, group="readers")
        first.poll_until_received(10)
        first.store(places[5])
        first.consumer.commit()
        first.close()

        second = bench.member(topic, group="readers")
        second.poll_until_received(4)

        assert second.values(topic, 0) == [b"6", b"7", b"8", b"9"]

    def test_closing_commits_what_was_stored(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(10)])
        member = bench.member(topic, group="readers")
        member.poll_until_received(10)

        member.store(places[2])
        member.close()

        assert bench.committed("readers", topic) == {0: places[2].offset + 1}

    def test_what_was_stored_is_committed_in_time(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(10)])
        member = bench.member(topic, group="readers")
        member.poll_until_received(10)
        member.store(places[2])

        def committed() -> dict[int, int]:
            member.poll()
            return bench.committed("readers", topic)

        assert eventually(committed, what="a commit") == {0: places[2].offset + 1}

    def test_what_was_not_stored_comes_again(self, bench: Bench) -> None:
        topic = bench.topic()
        bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(5)])
        first = bench.member(topic, group="readers")
        first.poll_until_received(5)
        first.close()
        assert bench.committed("readers", topic) == {}

        second = bench.member(topic, group="readers")
        second.poll_until_received(5)

        assert second.values(topic, 0) == [b"0", b"1", b"2", b"3", b"4"]

    def test_storing_what_is_not_held_is_told(self, bench: Bench) -> None:
        topic, other = bench.topic(), bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"x"), NewRecord(other, b"x")])
        member = bench.member(topic, group="readers")
        member.poll_until_received(1)
        held, strange = TopicPartition(topic, 0), TopicPartition(other, 0)

        refused = member.consumer.store({held: places[0].offset + 1, strange: 1})
        member.consumer.commit()

        assert refused == {strange}
        assert bench.committed("readers", topic) == {0: places[0].offset + 1}
        assert bench.committed("readers", other) == {}

    def test_groups_do_not_touch_each_other(self, bench: Bench) -> None:
        topic = bench.topic()
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(5)])
        one, other = bench.member(topic, group="one"), bench.member(topic, group="other")
        # Both are there before the first commit: a broker may drop what every group has done with.
        one.poll_until_held(1)
        other.poll_until_held(1)
        one.poll_until_received(5)
        one.store(places[4])
        one.consumer.commit()

        other.poll_until_received(5)

        assert other.values(topic, 0) == one.values(topic, 0)
        assert bench.committed("other", topic) == {}
