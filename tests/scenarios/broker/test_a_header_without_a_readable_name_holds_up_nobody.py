"""A header's name that is no UTF-8, as clients in other languages may write, costs its record the
headers and nobody anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import confluent_kafka
import pytest

from samovar import events
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import Broker, NewRecord, Record, TopicPartition, TopicSpec
from samovar.events import Event
from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.librdkafka import produce_with_header

HEADERS = (("h", b"1"),)


class Held:
    """A listener to rebalances that needs nothing."""

    def assigned(self, partitions: object) -> None: ...
    def revoked(self, partitions: object) -> None: ...
    def lost(self, partitions: object) -> None: ...


@pytest.fixture
def errors() -> Iterator[list[Event]]:
    seen: list[Event] = []
    hear = seen.append
    events.subscribe("broker.error")(hear)
    yield seen
    events.unsubscribe(hear)


@pytest.fixture
def broker(kafka: KafkaProcess) -> Broker:
    return KafkaBroker(
        KafkaSettings(bootstrap_servers=kafka.bootstrap_servers), commit_interval=1.0
    )


def test_the_record_comes_without_headers_and_the_others_with_theirs(
    broker: Broker, kafka: KafkaProcess, unique: Callable[[str], str], errors: list[Event]
) -> None:
    topic, admin = unique("t"), broker.admin()
    admin.create_topics([TopicSpec(name=topic, partitions=1)])
    producer = broker.producer()
    # So many that the interpreter has adapted to the call.
    before = [NewRecord(topic, b"%d" % n, headers=HEADERS) for n in range(50)]
    producer.produce_sync(before)
    raw = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for value in (b"50", b"51"):
        produce_with_header(raw, topic, value, b"\xff\xfe")
        raw.flush(10)
    producer.produce_sync([NewRecord(topic, b"52", headers=HEADERS)])

    consumer, received = broker.consumer(unique("g")), list[Record]()
    consumer.subscribe([topic], Held())

    def poll() -> bool:
        received.extend(record for batch in consumer.poll(100, 0.1) for record in batch.records)
        return len(received) >= 53

    eventually(poll, within=30)
    consumer.close()
    found = admin.read(TopicPartition(topic, 0), 0, 100)
    admin.close()
    producer.close(10)

    assert [int(record.value or b"") for record in received] == list(range(53))
    assert [r.value for r in received if r.headers != HEADERS] == [b"50", b"51"]
    assert found == received
    assert sum("no UTF-8" in str(event.payload["error"]) for event in errors) == 4
