"""librdkafka remembers a pause when a partition leaves and comes back; the engine does not."""

from __future__ import annotations

from collections.abc import Sequence

from samovar.broker.port import Consumer, TopicPartition
from tests.support.eventually import eventually
from tests.support.stage import Stage


class Holdings:
    """A member of the group, and what it holds and has read."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        self.values: list[bytes | None] = []
        consumer.subscribe([topic], self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.held.update(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.held.difference_update(partitions)

    lost = revoked

    def poll(self) -> None:
        for batch in self.consumer.poll(100, 0.1):
            self.values += [record.value for record in batch.records]


def test_a_partition_that_comes_back_is_not_paused(kafka_stage: Stage) -> None:
    kafka_stage.notice_the_dead()
    kafka_stage.create(partitions=2)
    topic, broker = kafka_stage.topic(), kafka_stage.broker
    first = Holdings(broker.consumer("group"), topic)
    eventually(lambda: first.poll() or len(first.held) == 2)
    first.consumer.pause(list(first.held))

    second = Holdings(broker.consumer("group"), topic)
    eventually(lambda: first.poll() or second.poll() or len(second.held) == 1)
    (moved,) = second.held
    second.consumer.close()
    eventually(lambda: first.poll() or moved in first.held)
    kafka_stage.put_raw([(moved.partition, b"moved"), (1 - moved.partition, b"stayed")])

    eventually(lambda: first.poll() or first.values == [b"moved"])
    first.consumer.close()
