"""Records that wait for their time; skipped where the producer says that it cannot."""

from __future__ import annotations

import threading
import time

import pytest

from samovar.broker.port import NewRecord, TopicPartition
from samovar.errors import UnknownTopicError
from samovar.testing.contracts.bench import (
    Bench,
    eventually,
    in_seconds,
    poll_all,
    poll_until_shared,
    schedules,
)


class Waiting:
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

    def test_what_waits_again_under_its_key_comes_once(self, bench: Bench) -> None:
        schedules(bench)
        one, other = bench.topic(partitions=2), bench.topic()
        key, due_ns = bench.unique("key"), in_seconds(0.5)

        bench.producer.produce(NewRecord(one, b"1", due_ns=due_ns, schedule_key=key))
        bench.producer.produce(NewRecord(one, b"2", due_ns=due_ns, schedule_key=key, partition=1))
        bench.producer.produce_many(
            [NewRecord(other, b"%d" % n, due_ns=due_ns, schedule_key=key) for n in (3, 4)]
            + [NewRecord(other, b"5", due_ns=due_ns)]
        )
        member = bench.member(one, other)
        member.poll_until_received(2)
        member.poll(timeout=0.3)

        assert member.count == 2
        assert sorted(member.values(other, 0)) == [b"4", b"5"]

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
