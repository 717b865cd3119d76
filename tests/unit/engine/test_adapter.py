"""A job becomes a record; each job of a bulk gets an answer of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from samovar.broker.port import NewRecord
from samovar.engine.adapter import LogAdapter
from samovar.engine.routing.routes import Routes
from samovar.engine.topics import Topics
from samovar.errors import (
    BrokerError,
    EnqueueError,
    QueueFullError,
    SchedulingNotSupportedError,
    UnknownTopicError,
)
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt
from samovar.support import clock

NOW_NS = 1_000_000_000_000


class Producer:
    """Keeps what it is given; `refuses` are indexes of a bulk."""

    def __init__(self) -> None:
        self.schedules = True
        self.refuses: Mapping[int, BrokerError] = {}
        self.records: list[NewRecord] = []
        self.flushes = 0
        self.missing = 0

    def produce(self, record: NewRecord) -> None:
        self.produce_many([record])

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        if self.missing:
            self.missing -= 1
            raise UnknownTopicError("it was deleted")
        self.records += [r for index, r in enumerate(records) if index not in self.refuses]
        return self.refuses

    def cancel_scheduled(self, key: str) -> bool:
        return key == "waits"

    def flush(self, timeout: float) -> int:
        self.flushes += 1
        return 0


class Existing:
    def __init__(self) -> None:
        self.forgotten = 0

    def partitions(self, name: str) -> int:
        return 1

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


def request_for(number: int, *, due_ns: int | None = None) -> EnqueueRequest:
    data = {
        "job_class": "MailJob",
        "job_id": f"id-{number}",
        "queue_name": "mail",
        "scheduled_at": None if due_ns is None else "later",
    }
    return EnqueueRequest(data, due_ns)


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
