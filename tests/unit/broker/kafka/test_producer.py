"""What a bulk answers when Kafka's client refuses some of it; no broker is needed for that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from samovar.broker.kafka import producer as kafka_producer
from samovar.broker.kafka.flight import Flight
from samovar.broker.kafka.producer import KafkaProducer
from samovar.broker.port import NewRecord
from samovar.errors import DeliveryFailedError, ProducerClosedError, QueueFullError

LARGEST = 10_000


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaProducer]:
    monkeypatch.setattr(kafka_producer, "FULL_SECONDS", 0.05)
    monkeypatch.setattr(kafka_producer, "FULL_STEP_SECONDS", 0.01)
    producer = KafkaProducer(
        {
            "bootstrap.servers": "127.0.0.1:1",
            "queue.buffering.max.messages": 5,
            "message.max.bytes": LARGEST,
            "log_level": 0,
        }
    )
    yield producer
    producer.close(0)


def records(count: int, *, large: int = -1) -> list[NewRecord]:
    """The large one is so by its key: by its value, nothing of the bulk would be sent."""
    key = b"k" * LARGEST
    return [NewRecord("mail", b"x", key=key if n == large else b"k") for n in range(count)]


def test_a_record_that_is_refused_does_not_keep_back_the_others(producer: KafkaProducer) -> None:
    refused = producer.produce_many(records(4, large=1))

    assert list(refused) == [1]
    assert isinstance(refused[1], DeliveryFailedError)
    assert producer.flush(0) == 3
    assert producer.barrier().out == 3


def test_a_full_buffer_keeps_back_what_comes_behind(producer: KafkaProducer) -> None:
    refused = producer.produce_many(records(8))

    assert list(refused) == [5, 6, 7]
    assert {type(error) for error in refused.values()} == {QueueFullError}
    assert producer.flush(0) == 5
    assert producer.barrier().out == 5


def test_a_record_that_is_too_large_is_refused_by_itself(producer: KafkaProducer) -> None:
    large = NewRecord("mail", b"x" * (LARGEST + 1))

    assert list(producer.produce_many([large])) == [0]
    assert list(producer.produce_many([*records(2), large])) == [2]
    assert producer.barrier().out == 2


def test_a_bulk_that_finds_no_room_at_all_is_an_error(producer: KafkaProducer) -> None:
    producer.produce_many(records(5))

    with pytest.raises(QueueFullError):
        producer.produce_many(records(2))

    assert producer.barrier().out == 5


def test_a_closed_producer_takes_nothing(producer: KafkaProducer) -> None:
    producer.produce(records(1)[0])
    producer.close(0)

    for produce in (
        lambda: producer.produce(records(1)[0]),
        lambda: producer.produce_many(records(2)),
        lambda: producer.produce_sync(records(2)),
    ):
        with pytest.raises(ProducerClosedError):
            produce()
    assert producer.close(0) == 0


def test_a_finalizer_may_enqueue_while_its_own_thread_connects(
    producer: KafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    connect = producer._new_client

    def interrupted() -> object:
        made.append(None)
        if len(made) == 1:
            producer.produce(records(1)[0])  # as a finalizer that the collector runs here
        return connect()

    monkeypatch.setattr(producer, "_new_client", interrupted)
    producer.produce(records(1)[0])

    assert len(made) == 2
    assert producer.barrier().out == 2
    assert len(producer._client or ()) >= 2  # it counts its own errors too


def test_a_finalizer_may_enqueue_while_its_own_thread_sets_a_barrier(
    producer: KafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer.produce(records(1)[0])

    def interrupted(*arguments: Any) -> Flight:
        producer.produce(records(1)[0])  # as a finalizer that the collector runs here
        return Flight(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kafka_producer, "Flight", interrupted)
        barrier = producer.barrier()

    assert barrier.out == 2
    assert producer.flush(0) == 2


def test_a_bulk_of_nothing_is_no_error(producer: KafkaProducer) -> None:
    assert producer.produce_many([]) == {}


def test_an_error_among_the_reports_does_not_end_the_thread_that_serves_them(
    producer: KafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = threading.Semaphore(0)

    def fail() -> None:
        served.release()
        raise RuntimeError("a report cannot be read")

    monkeypatch.setattr(producer, "serve_reports", fail)
    monkeypatch.setattr(kafka_producer, "IDLE_POLL_SECONDS", 0.001)
    producer.produce_many(records(1))

    assert all(served.acquire(timeout=10) for _ in range(3))


def test_a_barrier_with_nothing_before_it_has_passed_whatever_comes_after(
    producer: KafkaProducer,
) -> None:
    barrier = producer.barrier()

    producer.produce(NewRecord("mail", b"x"))

    assert barrier.passed
    assert not producer.barrier().passed
