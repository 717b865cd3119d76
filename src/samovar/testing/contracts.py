"""The suite that every broker has to pass, Samovar's own and other people's; needs pytest."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import pytest

from samovar.broker.port import (
    Admin,
    Broker,
    Consumer,
    NewRecord,
    Producer,
    Record,
    TopicPartition,
    TopicSpec,
    Written,
)
from samovar.errors import BrokerError, UnknownTopicError

T = TypeVar("T")


class BrokerContract:
    """Subclass it in a test file, and let a fixture `broker` give the broker to be tested.

    Topics and groups have fresh names, so the broker may be shared with other tests.

    Example:
        class TestMyBroker(BrokerContract):
            @pytest.fixture
            def broker(self) -> Broker:
                return MyBroker("localhost")
    """

    @pytest.fixture
    def broker(self) -> Broker:
        raise NotImplementedError("Override the fixture `broker` to return the broker to test.")

    @pytest.fixture
    def bench(self, broker: Broker) -> Iterator[Bench]:
        bench = Bench(broker)
        yield bench
        bench.close()

    # Writing and reading

    def test_records_of_a_partition_come_in_the_order_they_were_written(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)
        numbers = [str(number).encode() for number in range(300)]

        for start in range(0, 300, 30):
            bench.producer.produce_many(
                [NewRecord(topic, numbers[n], partition=n % 3) for n in range(start, start + 30)]
            )
        member = bench.member(topic)
        member.poll_until_received(300)

        for partition in range(3):
            assert member.values(topic, partition) == numbers[partition::3]
            offsets = [record.offset for record in member.received[topic, partition]]
            assert offsets == sorted(set(offsets))

    def test_a_poll_takes_no_more_than_it_was_asked_for(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        bench.producer.produce_sync([NewRecord(topic, b"x", partition=n % 2) for n in range(50)])
        member = bench.member(topic)

        def all_came() -> bool:
            batches = member.poll(max_records=7)
            assert sum(len(batch) for batch in batches) <= 7
            return member.count == 50

        eventually(all_came, what="50 records came")

    def test_records_of_a_key_stay_in_one_partition(self, bench: Bench) -> None:
        topic = bench.topic(partitions=4)
        records = [NewRecord(topic, b"x", key=b"key-%d" % (n % 20)) for n in range(200)]

        written = bench.producer.produce_sync(records)

        partitions: dict[bytes | None, set[int]] = {}
        for record, place in zip(records, written, strict=True):
            partitions.setdefault(record.key, set()).add(place.source.partition)
        assert all(len(seen) == 1 for seen in partitions.values())
        assert len({place.source for place in written}) > 1

    def test_records_without_a_key_do_not_all_go_to_one_partition(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)
        seen: set[int] = set()

        def spread() -> bool:
            # One at a time: a broker may keep what comes at once together.
            (written,) = bench.producer.produce_sync([NewRecord(topic, b"x")])
            seen.add(written.source.partition)
            return len(seen) > 1

        eventually(spread, what="a second partition was used")

    def test_a_record_goes_to_the_partition_it_asks_for(self, bench: Bench) -> None:
        topic = bench.topic(partitions=3)

        written = bench.producer.produce_sync(
            [NewRecord(topic, b"x", key=b"same", partition=n) for n in (2, 0, 1)]
        )

        assert [place.source for place in written] == [TopicPartition(topic, n) for n in (2, 0, 1)]

    def test_a_record_comes_out_as_it_went_in(self, bench: Bench) -> None:
        topic = bench.topic()
        headers = (("a", b"1"), ("b", b"\x00\xff"), ("a", b""))
        before = time.time() * 1000

        bench.producer.produce_sync(
            [
                NewRecord(topic, b"\x00\xffvalue", key=b"\x00key", headers=headers),
                NewRecord(topic, b"", key=None),
                NewRecord(topic, b"x" * 200_000),
            ]
        )
        member = bench.member(topic)
        member.poll_until_received(3)

        full, empty, big = member.received[topic, 0]
        assert (full.value, full.key, full.headers) == (b"\x00\xffvalue", b"\x00key", headers)
        assert (empty.value, empty.key, empty.headers) == (b"", None, ())
        assert big.value == b"x" * 200_000
        # A few seconds of grace, for the broker may go by another machine's clock.
        assert before - 5000 <= full.timestamp <= time.time() * 1000 + 5000

    def test_a_record_without_a_value_is_a_tombstone(self, bench: Bench) -> None:
        topic = bench.topic()

        bench.producer.produce_sync([NewRecord(topic, None, key=b"gone")])
        member = bench.member(topic)
        member.poll_until_received(1)

        (record,) = member.received[topic, 0]
        assert record.value is None
        assert record.key == b"gone"

    def test_many_threads_may_share_a_producer(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)

        def write(writer: int) -> None:
            for n in range(50):
                bench.producer.produce(
                    NewRecord(topic, b"%d-%d" % (writer, n), partition=writer % 2)
                )

        threads = [threading.Thread(target=write, args=[writer]) for writer in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bench.producer.flush(30) == 0
        member = bench.member(topic)
        member.poll_until_received(400)

        for writer in range(8):
            mine = [v for v in member.values(topic, writer % 2) if v.startswith(b"%d-" % writer)]
            assert mine == [b"%d-%d" % (writer, n) for n in range(50)]

    def test_produce_sync_tells_where_each_record_is(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        records = [NewRecord(topic, b"%d" % n, partition=n % 2) for n in range(10)]

        written = bench.producer.produce_sync(records)

        for record, (source, offset) in zip(records, written, strict=True):
            assert [found.value for found in bench.admin.read(source, offset, 1)] == [record.value]

    def test_a_barrier_is_passed_once_everything_before_it_is_stored(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)

        bench.producer.produce_many([NewRecord(topic, b"x") for _ in range(20)])
        barrier = bench.producer.barrier()
        eventually(lambda: barrier.passed, what="the barrier is passed")

        assert bench.admin.watermarks(topic)[source].high == 20

    def test_a_barrier_behind_nothing_is_passed(self, bench: Bench) -> None:
        assert bench.producer.barrier().passed

    def test_a_flush_leaves_nothing_outstanding(self, bench: Bench) -> None:
        topic = bench.topic()

        bench.producer.produce_many([NewRecord(topic, b"x") for _ in range(20)])

        assert bench.producer.flush(30) == 0
        assert bench.admin.watermarks(topic)[TopicPartition(topic, 0)].high == 20

    def test_closing_a_producer_delivers_what_it_holds(self, bench: Bench) -> None:
        topic = bench.topic()
        producer = bench.broker.producer()

        producer.produce(NewRecord(topic, b"x"))

        assert producer.close(30) == 0
        assert bench.admin.watermarks(topic)[TopicPartition(topic, 0)].high == 1

    def test_of_many_records_those_that_are_refused_are_told(self, bench: Bench) -> None:
        topic = bench.topic()
        bench.producer.produce_sync([NewRecord(topic, b"first", partition=0)])
        records = [NewRecord(topic, b"%d" % n, partition=9 if n == 3 else 0) for n in range(6)]

        try:
            refused = bench.producer.produce_many(records)
        except BrokerError:
            refused = {n: BrokerError() for n in range(6)}
        assert bench.producer.flush(30) == 0

        # Where records are stored later, the refusal may come later too, as an event.
        taken = [b"%d" % n for n in range(6) if n not in refused and n != 3]
        stored = bench.admin.read(TopicPartition(topic, 0), 0, 10)
        assert [record.value for record in stored] == [b"first", *taken]

    def test_a_bulk_that_nothing_is_wrong_with_is_taken_whole(self, bench: Bench) -> None:
        topic = bench.topic()

        assert not bench.producer.produce_many([NewRecord(topic, b"x")] * 3)

    # Waiting for a time: skipped where the producer says that it cannot

    def test_a_record_waits_until_it_is_due(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic(partitions=3)
        member = bench.member(topic)
        member.poll_until_held(3)
        due_ns = in_seconds(0.7)
        headers = (("h", b"1"), ("h", b"\xff"))

        bench.producer.produce(
            NewRecord(topic, b"v", key=b"k", headers=headers, partition=2, due_ns=due_ns)
        )
        while not member.count:
            member.poll(timeout=5)
            assert time.time_ns() >= due_ns or not member.count

        (record,) = member.received[topic, 2]
        assert (record.value, record.key, record.headers) == (b"v", b"k", headers)
        assert time.time_ns() < due_ns + 2_000_000_000

    def test_a_record_that_is_due_earlier_wakes_who_waits_for_a_later_one(
        self, bench: Bench
    ) -> None:
        schedules(bench)
        topic = bench.topic()
        member = bench.member(topic)
        member.poll_until_held(1)
        bench.producer.produce(NewRecord(topic, b"late", due_ns=in_seconds(3600)))
        late = NewRecord(topic, b"early", due_ns=in_seconds(0.8))
        writer = threading.Timer(0.3, bench.producer.produce, args=[late])

        started = time.monotonic()
        writer.start()
        while not member.count:
            member.poll(timeout=30)

        assert member.values(topic, 0) == [b"early"]
        assert time.monotonic() - started < 15
        writer.join()

    def test_what_waits_comes_in_the_order_of_its_times(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic()
        base = in_seconds(0.3)
        order = (3, 0, 4, 1, 2)

        written = bench.producer.produce_sync(
            [NewRecord(topic, b"%d" % n, due_ns=base + n * 1000) for n in order]
        )
        member = bench.member(topic)
        member.poll_until_received(5)

        assert {place.offset for place in written} == {-1}
        assert member.values(topic, 0) == [b"0", b"1", b"2", b"3", b"4"]

    def test_a_record_whose_time_is_past_is_written_at_once(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic()

        (place,) = bench.producer.produce_sync([NewRecord(topic, b"x", due_ns=in_seconds(-60))])

        assert place == (TopicPartition(topic, 0), 0)
        assert [r.value for r in bench.admin.read(place.source, 0, 10)] == [b"x"]

    def test_records_of_a_key_wait_for_the_keys_partition(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic(partitions=4)
        keys = [b"key-%d" % n for n in range(12)]
        now = bench.producer.produce_sync([NewRecord(topic, b"x", key=key) for key in keys])

        due_ns = in_seconds(0.3)
        bench.producer.produce_many([NewRecord(topic, k, key=k, due_ns=due_ns) for k in keys])
        member = bench.member(topic)
        member.poll_until_received(24)

        for key, place in zip(keys, now, strict=True):
            assert key in member.values(topic, place.source.partition)

    def test_what_is_cancelled_never_comes(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic()
        due_ns = in_seconds(0.5)
        names = (bench.unique("kept"), bench.unique("cancelled"))
        for name in (*names, names[1]):
            bench.producer.produce(
                NewRecord(topic, name.encode(), due_ns=due_ns, schedule_key=name)
            )

        assert bench.producer.cancel_scheduled(names[1])
        assert not bench.producer.cancel_scheduled(names[1])
        member = bench.member(topic)
        member.poll_until_received(1)
        member.poll(timeout=0.3)

        assert member.values(topic, 0) == [names[0].encode()]
        assert not bench.producer.cancel_scheduled(names[0])

    def test_a_key_that_nothing_waits_under_cancels_nothing(self, bench: Bench) -> None:
        assert not bench.producer.cancel_scheduled(bench.unique("never-was"))

    def test_several_consumers_bring_each_waiting_record_once(self, bench: Bench) -> None:
        schedules(bench)
        topic = bench.topic(partitions=2)
        members = [bench.member(topic, group="pair"), bench.member(topic, group="pair")]
        poll_until_shared(*members)
        base = in_seconds(0.2)

        bench.producer.produce_many(
            [NewRecord(topic, b"%d" % n, due_ns=base + n * 1_000_000) for n in range(300)]
        )
        eventually(
            lambda: poll_all(*members) and sum(m.count for m in members) >= 300,
            what="300 records came",
        )
        poll_all(*members)

        came = [v for m in members for p in range(2) for v in m.values(topic, p)]
        assert sorted(came) == sorted(b"%d" % n for n in range(300))

    def test_what_waits_for_a_deleted_topic_goes_with_it(self, bench: Bench) -> None:
        schedules(bench)
        topic, other = bench.topic(), bench.topic()
        due_ns = in_seconds(60)
        bench.producer.produce_many(
            [NewRecord(t, b"x", due_ns=due_ns, schedule_key=t) for t in (topic, other)]
        )

        bench.admin.delete_topics([topic])

        assert not bench.producer.cancel_scheduled(topic)
        assert bench.producer.cancel_scheduled(other)

    def test_what_can_never_be_written_is_refused_before_it_waits(self, bench: Bench) -> None:
        schedules(bench)
        record = NewRecord(bench.unique("never-was"), b"x", due_ns=in_seconds(60))

        with pytest.raises(UnknownTopicError):
            bench.producer.produce(record)

    # Polling

    def test_an_empty_poll_returns_when_its_time_is_up(self, bench: Bench) -> None:
        topic = bench.topic()
        member = bench.member(topic)
        member.poll_until_held(1)

        started = time.monotonic()
        assert member.poll(timeout=0.2) == []

        assert time.monotonic() - started < 5

    def test_wake_ends_a_poll_early(self, bench: Bench) -> None:
        topic = bench.topic()
        member = bench.member(topic)
        member.poll_until_held(1)
        waker = threading.Timer(0.3, member.consumer.wake)

        started = time.monotonic()
        waker.start()
        assert member.poll(timeout=30) == []

        assert time.monotonic() - started < 15
        waker.join()

    def test_a_record_ends_a_poll_early(self, bench: Bench) -> None:
        topic = bench.topic()
        member = bench.member(topic)
        member.poll_until_held(1)
        writer = threading.Timer(0.3, bench.producer.produce_sync, args=[[NewRecord(topic, b"x")]])

        started = time.monotonic()
        writer.start()
        while member.count == 0:
            member.poll(timeout=30)

        assert time.monotonic() - started < 15
        writer.join()

    def test_a_paused_partition_is_silent_until_resumed(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        member = bench.member(topic)
        member.poll_until_held(2)

        member.consumer.pause([TopicPartition(topic, 0)])
        bench.producer.produce_sync([NewRecord(topic, b"x", partition=n) for n in (0, 0, 1)])
        member.poll_until_received(1)
        member.poll(timeout=0.5)
        assert member.values(topic, 1) == [b"x"]
        assert member.values(topic, 0) == []

        member.consumer.resume([TopicPartition(topic, 0)])
        member.poll_until_received(3)
        assert member.values(topic, 0) == [b"x", b"x"]

    def test_a_pause_keeps_the_position(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)
        bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(10)])
        member = bench.member(topic)

        def read_three() -> bool:
            member.poll(max_records=3 - member.count)
            return member.count == 3

        eventually(read_three, what="three records came")
        member.consumer.pause([source])
        member.poll(timeout=0.5)
        assert member.count == 3
        member.consumer.resume([source])
        member.poll_until_received(10)

        assert member.values(topic, 0) == [b"%d" % n for n in range(10)]

    def test_seek_goes_back_and_forth(self, bench: Bench) -> None:
        topic = bench.topic()
        source = TopicPartition(topic, 0)
        places = bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in range(10)])
        member = bench.member(topic)
        member.poll_until_received(10)

        member.consumer.seek(source, places[4].offset)
        member.poll_until_received(16)
        assert member.values(topic, 0)[10:] == [b"%d" % n for n in range(4, 10)]

        bench.producer.produce_sync([NewRecord(topic, b"%d" % n) for n in (10, 11)])
        member.consumer.seek(source, places[9].offset + 2)
        member.poll_until_received(17)
        assert member.values(topic, 0)[16:] == [b"11"]

    # Positions

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

    # Groups

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
                one.consumer.stay()
                other.poll(timeout=0.2)

        one.before_revoked = take_four_seconds
        poll_until_shared(one, other)

        assert "lost" not in {what for what, _ in one.heard}

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

    # Looking and changing

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

    def member(self, *topics: str, group: str | None = None) -> Member:
        """A subscribed member; without a group's name it has one of its own."""
        group = f"{self._name}-{group}" if group else self.unique("group")
        member = Member(self.broker.consumer(group), topics)
        self._members.append(member)
        return member

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's positions by partition."""
        positions = self.admin.committed(f"{self._name}-{group}", topic)
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

    def __init__(self, consumer: Consumer, topics: Sequence[str]) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        #: Callbacks, a line for each partition: ("assigned", source).
        self.heard: list[tuple[str, TopicPartition]] = []
        self.received: dict[TopicPartition | tuple[str, int], list[Record]] = _Received()
        #: Called when partitions are about to leave.
        self.before_revoked: Callable[[], object] = lambda: None
        self._is_closed = False
        consumer.subscribe(topics, self)

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
        """Poll until so many records have come in all, and no more."""
        eventually(lambda: self._poll_and(self.count >= count), what=f"{count} records came")
        assert self.count == count

    def poll_until_held(self, count: int) -> None:
        """Poll until so many partitions are held."""
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
        AssertionError: the time is up; tells what was last seen.
    """
    deadline = time.monotonic() + within
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"Not within {within:g} s: {what}. Last seen: {seen!r}"
        time.sleep(0.005)
    return seen
