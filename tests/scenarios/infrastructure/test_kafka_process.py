"""The broker that scenarios kill is real: what was written stays, and nothing outlives the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.eventually import eventually
from tests.support.kafka_files import REPOSITORY
from tests.support.kafka_process import KafkaProcess

Unique = Callable[[str], str]


@pytest.fixture
def own_kafka(kafka: KafkaProcess) -> Iterator[KafkaProcess]:
    """A broker of the test's own; `kafka` is asked for so that both skip for the same reason."""
    with KafkaProcess() as broker:
        yield broker


def test_the_shared_broker_returns_what_was_written(kafka: KafkaProcess, unique: Unique) -> None:
    topic = create_topic(kafka, unique("tea"))

    write(kafka, topic, b"one", b"two")

    assert read(kafka, topic, count=2) == [b"one", b"two"]


def test_what_was_written_survives_a_kill(own_kafka: KafkaProcess, unique: Unique) -> None:
    topic = create_topic(own_kafka, unique("tea"))
    write(own_kafka, topic, b"before")
    address = own_kafka.bootstrap_servers

    own_kafka.kill()
    assert not own_kafka.is_running
    own_kafka.restart()

    assert own_kafka.bootstrap_servers == address
    write(own_kafka, topic, b"after")
    assert read(own_kafka, topic, count=2) == [b"before", b"after"]


def test_it_stops_in_order_and_starts_again(own_kafka: KafkaProcess) -> None:
    own_kafka.stop()
    assert not own_kafka.is_running

    own_kafka.restart()
    assert own_kafka.is_running


@pytest.mark.usefixtures("kafka")
def test_the_broker_dies_with_the_process_that_started_it() -> None:
    script = [sys.executable, "-m", "scripts.kafka", "run"]
    with subprocess.Popen(script, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline().startswith("127.0.0.1:")
        broker = next(p for p in psutil.Process(owner.pid).children() if "java" in p.name())

        owner.kill()

    eventually(lambda: not broker.is_running(), within=10, what="the broker is gone")


def create_topic(kafka: KafkaProcess, name: str) -> str:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(name, num_partitions=1)])[name].result(timeout=10)
    return name


def write(kafka: KafkaProcess, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def read(kafka: KafkaProcess, topic: str, *, count: int) -> list[bytes | None]:
    settings = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "group.id": topic,
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    try:
        return [message.value() for message in consumer.consume(count, timeout=30)]
    finally:
        consumer.close()
