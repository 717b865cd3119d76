"""While the producer's buffer is full, enqueuing waits; in the end it raises and says why."""

from __future__ import annotations

import time

import pytest

from samovar.broker.kafka import producer as kafka_producer
from samovar.broker.port import NewRecord
from samovar.errors import QueueFullError
from tests.support.stage import Stage

FULL_SECONDS = 0.5


def test_a_full_buffer_is_waited_for_and_then_told(
    kafka_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_producer, "FULL_SECONDS", FULL_SECONDS)
    settings = {"queue.buffering.max.messages": 10}
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1", settings=settings)
    producer = kafka_stage.broker.producer()
    for _ in range(10):
        producer.produce(NewRecord("orders", b"x"))

    started = time.monotonic()
    with pytest.raises(QueueFullError, match="orders"):
        producer.produce(NewRecord("orders", b"x"))

    assert time.monotonic() - started >= FULL_SECONDS
    assert producer.close(0.1) == 10


def test_a_buffer_that_empties_in_time_takes_the_job(kafka_stage: Stage) -> None:
    settings = {"queue.buffering.max.messages": 10}
    kafka_stage.configure("kafka", settings=settings)
    kafka_stage.create(partitions=1)
    producer = kafka_stage.broker.producer()

    for number in range(200):
        producer.produce(NewRecord(kafka_stage.topic(), str(number).encode()))

    assert producer.close(30.0) == 0
    assert len(kafka_stage.records()) == 200
