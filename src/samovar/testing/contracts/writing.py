"""What is written is read as it was written, in order."""

from __future__ import annotations

import threading
import time

from samovar.broker.port import NewRecord, TopicPartition, Written
from samovar.errors import BrokerError, ProducerClosedError
from samovar.testing.contracts.bench import Bench, eventually


class Writing:
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

    def test_a_closed_producer_refuses_what_is_produced(self, bench: Bench) -> None:
        topic = bench.topic()
        producer = bench.broker.producer()
        producer.produce(NewRecord(topic, b"x"))
        producer.close(30)

        for produce in (
            lambda: producer.produce(NewRecord(topic, b"y")),
            lambda: producer.produce_many([NewRecord(topic, b"y")]),
            lambda: producer.produce_sync([NewRecord(topic, b"y")]),
        ):
            try:
                produce()
            except ProducerClosedError:
                continue
            raise AssertionError("A closed producer took a record.")
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

    def test_of_each_record_it_is_told_once_where_it_is(self, bench: Bench) -> None:
        topic = bench.topic(partitions=2)
        seen: list[tuple[int, Written | BrokerError]] = []

        refused = bench.producer.produce_each(
            [NewRecord(topic, b"%d" % n, partition=n % 2) for n in range(6)],
            lambda index, outcome: seen.append((index, outcome)),
        )

        assert not refused
        assert bench.producer.wait_until(lambda: len(seen) == 6)
        assert bench.producer.barrier().passed
        for index, outcome in seen:
            assert isinstance(outcome, Written)
            (record,) = bench.admin.read(outcome.source, outcome.offset, 1)
            assert record.value == b"%d" % index
        assert sorted(index for index, _ in seen) == list(range(6))

    def test_of_a_record_that_is_refused_it_is_told_or_answered(self, bench: Bench) -> None:
        topic = bench.topic()
        seen: dict[int, Written | BrokerError] = {}

        try:
            seen.update(
                bench.producer.produce_each([NewRecord(topic, b"x", partition=9)], seen.__setitem__)
            )
        except BrokerError as error:
            seen[0] = error
        bench.producer.wait_until(lambda: 0 in seen)

        assert isinstance(seen[0], BrokerError)

    def test_waiting_in_vain_ends_in_time(self, bench: Bench) -> None:
        assert not bench.producer.wait_until(lambda: False, 0.01)

    def test_a_record_keeps_the_time_it_was_given(self, bench: Bench) -> None:
        topic = bench.topic()

        bench.producer.produce_sync([NewRecord(topic, b"x", timestamp=1_700_000_000_000)])

        (record,) = bench.admin.read(TopicPartition(topic, 0), 0, 1)
        assert record.timestamp == 1_700_000_000_000
