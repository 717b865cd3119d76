"""No message is dropped in silence: it raises, or is an event that bears the sender's label."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import ProduceManyError, QueueFullError
from samovar.broker.kafka import producer as kafka_producer
from samovar.broker.port import NewRecord, TopicSpec
from samovar.errors import DeliveryUnknownError, RecordTooLargeError
from tests.support.eventually import eventually
from tests.support.librdkafka import fail_for_good
from tests.support.listening import heard
from tests.support.stage import Stage

BIG = "x" * 5000


def create_for_small_records(stage: Stage, partitions: int = 1) -> None:
    config = {"max.message.bytes": "1000"}
    stage.admin.create_topics([TopicSpec(name=stage.topic(), partitions=partitions, config=config)])


def test_a_message_that_fails_later_is_told_with_its_label(kafka_stage: Stage) -> None:
    """N03."""
    create_for_small_records(kafka_stage)
    producer = kafka_stage.app.producer

    with heard("producer.failed") as told:
        delivery = producer.produce_async(topic="default", payload=BIG, label=("order", 7))
        with pytest.raises(RecordTooLargeError):
            delivery.wait()

    (failure,) = (event.payload for event in told)
    assert failure["label"] == ("order", 7)
    assert failure["topic"] == kafka_stage.topic()
    assert failure["error"] is delivery.error


def test_of_many_messages_those_that_failed_are_told(kafka_stage: Stage) -> None:
    create_for_small_records(kafka_stage, partitions=3)
    messages: list[Any] = [
        {"topic": "default", "payload": BIG if n == 1 else "x", "partition": n} for n in range(3)
    ]

    with heard("producer.failed") as failures, pytest.raises(ProduceManyError) as told:
        kafka_stage.app.producer.produce_many_sync(messages)

    assert list(told.value.errors) == [1]
    assert [delivery.is_stored for delivery in told.value.deliveries] == [True, False, True]
    assert not failures  # it was raised
    assert len(kafka_stage.records()) == 2


def test_messages_that_find_no_room_raise_and_stay_where_they_were_kept(
    kafka_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N02; for jobs see tests/scenarios/worker/test_a_full_buffer_is_waited_for_and_then_told."""
    monkeypatch.setattr(kafka_producer, "FULL_SECONDS", 0.3)
    settings = {"queue.buffering.max.messages": 10, "message.timeout.ms": 3000}
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1", settings=settings)
    producer = kafka_stage.app.producer
    producer.buffer_many({"topic": "default", "payload": str(n)} for n in range(14))

    with pytest.raises(ProduceManyError) as told:
        producer.flush_async()

    assert list(told.value.errors) == [10, 11, 12, 13]
    assert {type(error) for error in told.value.errors.values()} == {QueueFullError}
    assert producer.purge() == 4
    waited = [delivery for delivery in told.value.deliveries if delivery.error is None]
    assert len(waited) == 10
    for delivery in waited:
        with pytest.raises(DeliveryUnknownError):
            delivery.wait()


def test_a_client_that_fails_for_good_is_replaced_and_what_it_lost_is_told(
    kafka_stage: Stage,
) -> None:
    """N06."""
    kafka_stage.create(partitions=1)
    producer = kafka_stage.broker.producer()
    records = [NewRecord(kafka_stage.topic(), b"%d" % n) for n in range(5)]
    producer.produce_sync(records[:1])
    client: Any = producer
    assert client._client is not None

    with heard("broker.error", "producer.failed") as told:
        fail_for_good(client._client)
        producer.produce(records[1])
        fail_for_good(client._client)
        assert not producer.produce_many(records[2:4])
        written = producer.produce_sync(records[4:])
        producer.close(10)

    restarts = [event for event in told if event.name == "broker.error"]
    assert len(restarts) == 2
    assert "The Kafka producer starts anew" in str(restarts[0].payload["error"])
    stored = [record.value for record in kafka_stage.records()]
    lost = sum(event.name == "producer.failed" for event in told)
    assert len(stored) + lost == 5
    assert stored[-3:] == [b"2", b"3", b"4"]
    assert written[0].offset == len(stored) - 1


def test_what_the_failed_client_held_is_told_as_lost(kafka_stage: Stage) -> None:
    """N06."""
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1")
    producer = kafka_stage.broker.producer()
    client: Any = producer
    for _ in range(3):
        producer.produce(NewRecord(kafka_stage.topic(), b"x"))

    with heard("producer.failed") as told:
        fail_for_good(client._client)
        producer.produce(NewRecord(kafka_stage.topic(), b"y"))

    assert len(told) == 3
    assert producer.close(0) == 1


def test_a_client_that_fails_while_nobody_sends_holds_up_no_mark(kafka_stage: Stage) -> None:
    """N06. A patient producer would keep what it holds for ever."""
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1")
    producer = kafka_stage.broker.producer(patient=True)
    client: Any = producer
    producer.produce(NewRecord(kafka_stage.topic(), b"x"))
    barrier = producer.barrier()
    assert not barrier.passed

    with heard("producer.failed") as told:
        fail_for_good(client._client)
        eventually(lambda: barrier.passed, what="the barrier is passed")

    assert len(told) == 1
