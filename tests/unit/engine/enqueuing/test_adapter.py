"""A job becomes a record; each job of a bulk gets an answer of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from samovar.broker.partitioning import partition_of
from samovar.broker.port import NewRecord, OnDelivery, TopicPartition, Written
from samovar.engine.enqueuing.adapter import LogAdapter
from samovar.engine.producing.buffer import Buffer
from samovar.engine.producing.destinations import COUNT_SECONDS, Destinations
from samovar.engine.producing.message_producer import MessageProducer
from samovar.engine.producing.outlet import Outlet
from samovar.engine.producing.pool import ProducerPool
from samovar.engine.routing.routes import Routes
from samovar.engine.topics.existing import Topics
from samovar.errors import (
    ArgumentError,
    BrokerError,
    BrokerUnavailableError,
    DeliveryFailedError,
    DeliveryUnknownError,
    EnqueueError,
    QueueFullError,
    SchedulingNotSupportedError,
    UnknownTopicError,
)
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt
from samovar.support import clock

NOW_NS = 1_000_000_000_000
STORED = Written(TopicPartition("mail", 0), 7)


class Producer:
    """Keeps what it is given; `refuses` are indexes of a bulk."""

    def __init__(self) -> None:
        self.schedules = True
        self.refuses: Mapping[int, BrokerError] = {}
        self.records: list[NewRecord] = []
        self.flushes = 0
        self.missing = 0
        #: How records were handed over, a word for each call.
        self.calls: list[str] = []
        #: What becomes of records that somebody waits for, by their place in the call.
        self.outcomes: Mapping[int, Written | BrokerError | None] = {}

    def produce(self, record: NewRecord) -> None:
        self.calls.append("one")
        self._take([record])

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        self.calls.append("many")
        return self._take(records)

    def _take(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        if self.missing:
            self.missing -= 1
            raise UnknownTopicError("it was deleted")
        self.records += [r for index, r in enumerate(records) if index not in self.refuses]
        return self.refuses

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        self.calls.append("each")
        self.records += records
        for index in range(len(records)):
            outcome = self.outcomes.get(index, STORED)
            if outcome is not None:
                on_delivery(index, outcome)
        return self.refuses

    def produce_sync(self, records: Sequence[NewRecord], timeout: float | None) -> list[Written]:
        self.calls.append(f"sync within {timeout}")
        self.records += records
        return [STORED]

    def wait_until(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        return condition()

    def cancel_scheduled(self, key: str) -> bool:
        return key == "waits"

    def flush(self, timeout: float) -> int:
        self.flushes += 1
        return 0


class Existing:
    """Topics that are there."""

    def __init__(self) -> None:
        self.forgotten = 0
        self.count: int | None = 4
        #: How many partitions a topic turns out to have when the broker is asked.
        self.grown_to = 4

    def partitions(self, name: str) -> int | None:
        return self.count

    def names(self) -> list[str]:
        self.count = self.grown_to
        return ["mail"]

    def ensure(self, specs: object) -> list[str]:
        raise BrokerUnavailableError("the broker is away")

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def producer() -> Producer:
    return Producer()


@pytest.fixture
def topics() -> Existing:
    return Existing()


def adapter(producer: Producer, topics: Existing, *, flush_each: bool = False) -> LogAdapter:
    return LogAdapter(
        name="sample",
        producer=cast(Any, producer),
        topics=cast(Topics, topics),
        routes=Routes(str),
        stopping=lambda: False,
        flush_each=flush_each,
    )


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ns", lambda: NOW_NS)


def request_for(number: int, *, due_ns: int | None = None, **hints: Any) -> EnqueueRequest:
    data = {
        "job_class": "MailJob",
        "job_id": f"id-{number}",
        "queue_name": "mail",
        "scheduled_at": None if due_ns is None else "later",
    }
    return EnqueueRequest(data, due_ns, hints)


def test_a_job_that_waits_carries_its_time_and_its_id(producer: Producer, topics: Existing) -> None:
    assert adapter(producer, topics).enqueue(request_for(1, due_ns=NOW_NS + 1)) is TAKEN

    (record,) = producer.records
    assert (record.due_ns, record.schedule_key) == (NOW_NS + 1, "id-1")


@pytest.mark.parametrize("due_ns", [None, 0, NOW_NS - 1, NOW_NS])
@pytest.mark.parametrize("schedules", [True, False])
def test_a_job_whose_time_has_come_takes_the_plain_road(
    producer: Producer, topics: Existing, due_ns: int | None, schedules: bool
) -> None:
    producer.schedules = schedules

    adapter(producer, topics).enqueue(request_for(1, due_ns=due_ns))

    (record,) = producer.records
    assert (record.due_ns, record.schedule_key) == (None, None)


def test_a_log_that_does_not_schedule_refuses_what_waits(
    producer: Producer, topics: Existing
) -> None:
    producer.schedules = False
    log = adapter(producer, topics)
    later = request_for(1, due_ns=NOW_NS + 1)

    with pytest.raises(SchedulingNotSupportedError, match=r"sample adapter .* MailJob until later"):
        log.enqueue(later)
    with pytest.raises(SchedulingNotSupportedError):
        log.enqueue_all([request_for(0), later])
    with pytest.raises(SchedulingNotSupportedError, match="sample adapter"):
        log.cancel_scheduled("waits")
    assert producer.records == []


def test_cancelling_asks_the_log(producer: Producer, topics: Existing) -> None:
    log = adapter(producer, topics)

    assert log.cancel_scheduled("waits")
    assert not log.cancel_scheduled("came")


def test_of_a_bulk_each_job_is_told_what_became_of_it(producer: Producer, topics: Existing) -> None:
    full = QueueFullError("the buffer stayed full")
    producer.refuses = {1: full, 3: full}

    receipts = adapter(producer, topics).enqueue_all([request_for(n) for n in range(4)])

    assert [receipt.refusal is None for receipt in receipts] == [True, False, True, False]
    assert len(producer.records) == 2
    refusal = receipts[3].refusal
    assert isinstance(refusal, EnqueueError)
    assert str(refusal) == "MailJob (id-3) was not enqueued: the buffer stayed full"
    assert refusal.__cause__ is full


def test_a_bulk_that_was_taken_whole_costs_no_receipts(
    producer: Producer, topics: Existing
) -> None:
    receipts: list[Receipt] = adapter(producer, topics).enqueue_all(
        [request_for(n) for n in (1, 2)]
    )

    assert all(receipt is TAKEN for receipt in receipts)
    assert producer.flushes == 0


def test_a_bulk_into_a_topic_that_was_deleted_is_tried_again(
    producer: Producer, topics: Existing
) -> None:
    producer.missing = 1

    adapter(producer, topics).enqueue_all([request_for(1)])

    assert topics.forgotten == 1
    assert len(producer.records) == 1


def test_a_bulk_of_an_ending_process_is_delivered_at_once(
    producer: Producer, topics: Existing
) -> None:
    adapter(producer, topics, flush_each=True).enqueue_all([request_for(1)])

    assert producer.flushes == 1


def test_a_jobs_key_becomes_the_records_key(producer: Producer, topics: Existing) -> None:
    adapter(producer, topics).enqueue(request_for(1, key=b"user-7"))

    (record,) = producer.records
    assert (record.key, record.partition) == (b"user-7", None)


def test_a_partition_key_chooses_the_partition_and_is_not_stored(
    producer: Producer, topics: Existing
) -> None:
    """B02."""
    adapter(producer, topics).enqueue(request_for(1, partition_key=b"user-7"))

    (record,) = producer.records
    assert (record.key, record.partition) == (None, partition_of(b"user-7", 4))


def test_partitions_that_were_added_count_for_partition_keys_after_a_while(
    producer: Producer, topics: Existing, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = adapter(producer, topics)
    topics.grown_to = 7
    key = next(key for n in range(99) if partition_of(key := b"%d" % n, 7) > 4)

    log.enqueue(request_for(1, partition_key=key))
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + COUNT_SECONDS)
    log.enqueue(request_for(2, partition_key=key))

    assert [record.partition for record in producer.records] == [
        partition_of(key, 4),
        partition_of(key, 7),
    ]


def test_a_partition_key_of_which_the_topic_is_not_known_is_an_error(
    producer: Producer, topics: Existing
) -> None:
    topics.count = None

    with pytest.raises(BrokerUnavailableError, match="How many partitions 'mail' has"):
        adapter(producer, topics).enqueue(request_for(1, partition_key=b"user-7"))

    assert producer.records == []


def test_a_partition_that_is_not_there_is_an_error(producer: Producer, topics: Existing) -> None:
    """B03."""
    with pytest.raises(DeliveryFailedError, match="'mail' has no partition 4; it has 4"):
        adapter(producer, topics).enqueue(request_for(1, partition=4))

    assert producer.records == []


def test_a_partition_that_was_added_since_is_found(producer: Producer, topics: Existing) -> None:
    topics.grown_to = 6

    adapter(producer, topics).enqueue(request_for(1, partition=5))

    assert producer.records[0].partition == 5


def test_a_job_that_waits_keeps_its_partition(producer: Producer, topics: Existing) -> None:
    adapter(producer, topics).enqueue(request_for(1, due_ns=NOW_NS + 1, partition=2))

    assert producer.records[0].partition == 2


def test_a_job_that_is_produced_synchronously_waits_for_the_log(
    producer: Producer, topics: Existing
) -> None:
    """A02."""
    log = adapter(producer, topics)

    log.enqueue(request_for(1))
    log.enqueue(request_for(2, dispatch_method="produce_sync"))

    assert producer.calls == ["one", "sync within None"]


def test_a_bulk_takes_each_way_once_and_keeps_the_order_of_each(
    producer: Producer, topics: Existing
) -> None:
    """A03."""
    ways: list[dict[str, Any]] = [{}, {"dispatch_many_method": "produce_many_sync"}]

    receipts = adapter(producer, topics).enqueue_all(
        [request_for(number, **ways[number % 2]) for number in range(6)]
    )

    assert receipts == [TAKEN] * 6
    assert producer.calls == ["many", "each"]
    numbers = [value.split(b"id-")[1][:1] for r in producer.records if (value := r.value)]
    assert numbers == [b"0", b"2", b"4", b"1", b"3", b"5"]


def test_of_a_synchronous_bulk_each_job_is_told_what_became_of_it(
    producer: Producer, topics: Existing
) -> None:
    """N03: an unknown outcome is no failure."""
    producer.outcomes = {1: DeliveryFailedError("too large"), 2: None}
    way: dict[str, Any] = {"dispatch_many_method": "produce_many_sync"}

    receipts = adapter(producer, topics).enqueue_all([request_for(n, **way) for n in range(3)])

    taken, failed, unknown = receipts
    assert taken is TAKEN
    assert str(failed.refusal) == "MailJob (id-1) was not enqueued: too large"
    assert unknown.refusal is not None
    assert "MailJob (id-2) may be enqueued or not" in str(unknown.refusal)
    assert isinstance(unknown.refusal.__cause__, DeliveryUnknownError)


@pytest.mark.parametrize("way", ["produce_many_async", "produce_many_sync"])
def test_a_job_that_has_no_place_keeps_back_no_other_of_its_bulk(
    producer: Producer, topics: Existing, way: str
) -> None:
    options: dict[str, Any] = {"dispatch_many_method": way}

    receipts = adapter(producer, topics).enqueue_all(
        [request_for(n, partition=9 if n == 1 else 0, **options) for n in range(3)]
    )

    assert [receipt.refusal is None for receipt in receipts] == [True, False, True]
    assert "has no partition 9" in str(receipts[1].refusal)
    assert len(producer.records) == 2


def test_a_bulk_of_one_job_that_is_refused_does_not_raise(
    producer: Producer, topics: Existing
) -> None:
    producer.refuses = {0: DeliveryFailedError("too large")}

    (receipt,) = adapter(producer, topics).enqueue_all([request_for(0)])

    assert "too large" in str(receipt.refusal)


def test_of_a_bulk_whose_second_way_is_shut_the_first_is_told_as_taken(
    producer: Producer, topics: Existing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Mapping[int, BrokerError]:
        raise BrokerUnavailableError("away")

    monkeypatch.setattr(producer, "produce_each", fail)
    way: dict[str, Any] = {"dispatch_many_method": "produce_many_sync"}

    receipts = adapter(producer, topics).enqueue_all([request_for(0), request_for(1, **way)])

    assert receipts[0] is TAKEN
    assert receipts[1].refusal is not None


def test_a_job_goes_through_the_producer_that_its_class_names(
    producer: Producer, topics: Existing
) -> None:
    """A17."""
    others: list[Producer] = []

    def make(_: object) -> Any:
        others.append(Producer())
        return others[-1]

    destinations = Destinations(topics=cast(Topics, topics), routes=Routes(str))
    outlet = Outlet(ProducerPool(make), cast(Any, None), destinations, Buffer())
    messages = MessageProducer(outlet, real_name=str)
    varied = messages.variant(topic_config={"acks": 1}, max_wait_timeout=5)
    log = adapter(producer, topics)

    log.enqueue(request_for(1, dispatch_method="produce_sync", producer=lambda: varied))
    log.enqueue_all([request_for(2), request_for(3, producer=lambda: varied)])

    assert [other.calls for other in others] == [["sync within 5", "many"]]
    assert producer.calls == ["many"]


def test_what_is_no_producer_is_refused(producer: Producer, topics: Existing) -> None:
    with pytest.raises(ArgumentError, match=r"expected app\.producer or one of its variants"):
        adapter(producer, topics).enqueue(request_for(1, producer=lambda: 5))
