"""One record that is larger than its topic allows: the others of its batch are stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar import events
from samovar.broker.port import NewRecord, TopicSpec
from samovar.errors import RecordTooLargeError
from tests.support.stage import Stage, kafka_stage

__all__ = ["kafka_stage"]

SIZES = [10, 20, 5000, 30, 40, 6000, 50]
STORED = [10, 20, 30, 40, 50]


@pytest.fixture
def told() -> Iterator[list[events.Event]]:
    heard: list[events.Event] = []
    events.subscribe("producer.failed")(heard.append)
    yield heard
    events.unsubscribe(heard.append)


def records(stage: Stage) -> list[NewRecord]:
    topic = stage.topic("small")
    stage.admin.create_topics(
        [TopicSpec(name=topic, partitions=1, config={"max.message.bytes": "2000"})]
    )
    headers = (("a", b"1"),)
    return [NewRecord(topic, b"x" * size, key=b"k", headers=headers) for size in SIZES]


def test_a_bulk_with_records_that_are_too_large_stores_the_others(
    kafka_stage: Stage, told: list[events.Event]
) -> None:
    producer = kafka_stage.broker.producer()
    refused = producer.produce_many(records(kafka_stage))
    assert refused == {}

    assert producer.flush(30) == 0
    assert producer.barrier().passed
    stored = kafka_stage.records("small")
    assert sorted(len(record.value or b"") for record in stored) == STORED
    assert {(record.key, record.headers) for record in stored} == {(b"k", (("a", b"1"),))}
    assert [type(event.payload["error"]) for event in told] == [RecordTooLargeError] * 2
    producer.close(5)


def test_who_waits_for_each_is_told_of_each(kafka_stage: Stage) -> None:
    producer = kafka_stage.broker.producer()
    answers: list[object] = [None] * len(SIZES)

    producer.produce_each(records(kafka_stage), answers.__setitem__)
    assert producer.wait_until(lambda: None not in answers, 30)

    refused = [size for size, a in zip(SIZES, answers, strict=True) if isinstance(a, Exception)]
    assert refused == [5000, 6000]
    producer.close(5)
