"""A poll's patience, pauses and seeks."""

from __future__ import annotations

import threading
import time

from samovar.broker.port import NewRecord, TopicPartition
from samovar.testing.contracts.bench import Bench, eventually


class Polling:
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
