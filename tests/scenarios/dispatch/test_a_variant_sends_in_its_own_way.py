"""What a variant was told reaches Kafka's client; jobs go through the one their class names."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import DeliveryUnknownError, Job, kafka_options
from samovar.broker.partitioning import partition_of
from samovar.broker.port import TopicPartition
from tests.support.eventually import eventually
from tests.support.stage import Stage

PARTITIONS = 10
KEYS = [f"key-{number}" for number in range(20)]


def keys_where_nobody_expects_them(stage: Stage) -> set[str]:
    """Those that are not in the partition that keys go to by themselves."""
    return {
        (record.key or b"").decode()
        for partition in range(PARTITIONS)
        for record in stage.admin.read(TopicPartition(stage.topic(), partition), 0, 100)
        if partition_of(record.key or b"", PARTITIONS) != partition
    }


def test_a_variants_messages_are_sent_as_it_was_told(kafka_stage: Stage) -> None:
    """A17."""
    kafka_stage.create(partitions=PARTITIONS)
    producer = kafka_stage.app.producer
    as_java_does = producer.variant(topic_config={"partitioner": "murmur2_random"})
    messages: list[Any] = [{"topic": "default", "payload": "x", "key": key} for key in KEYS]

    producer.produce_many_sync(messages)
    assert keys_where_nobody_expects_them(kafka_stage) == set()
    as_java_does.produce_many_sync(messages)
    assert len(keys_where_nobody_expects_them(kafka_stage)) > len(KEYS) // 2


def test_what_is_not_acknowledged_has_no_known_offset(kafka_stage: Stage) -> None:
    """A17."""
    kafka_stage.create(partitions=1)
    producer = kafka_stage.app.producer

    offsets = [
        producer.variant(topic_config={"acks": acks})
        .produce_sync(topic="default", payload="x")
        .offset
        for acks in ("all", 1, 0)
    ]

    assert offsets == [0, 1, -1]
    eventually(lambda: len(kafka_stage.records()) == 3, what="all are stored")


def test_a_job_goes_through_the_producer_of_its_class(kafka_stage: Stage) -> None:
    """A17."""
    kafka_stage.create(partitions=PARTITIONS)
    app = kafka_stage.app

    @kafka_options(
        partitioner=lambda job: job.arguments[0],
        producer=lambda job: app.producer.variant(topic_config={"partitioner": "murmur2_random"}),
    )
    class JavaesqueJob(Job):
        def perform(self, key: str) -> None: ...

    for key in KEYS[:10]:
        JavaesqueJob.perform_later(key)
    JavaesqueJob.perform_bulk([(key,) for key in KEYS[10:]])
    app.close()

    assert len(kafka_stage.records()) == len(KEYS)
    assert len(keys_where_nobody_expects_them(kafka_stage)) > len(KEYS) // 2


def test_a_variant_gives_up_waiting_when_it_was_told_to(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers="127.0.0.1:1")
    producer = kafka_stage.app.producer.variant(
        max_wait_timeout=0.2, topic_config={"message.timeout.ms": 1500}
    )

    with pytest.raises(DeliveryUnknownError, match="may be stored all the same"):
        producer.produce_sync(topic="default", payload="x")

    assert producer.port.flush(10) == 0
