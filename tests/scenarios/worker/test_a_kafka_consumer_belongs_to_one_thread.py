"""librdkafka's consumer lets one thread in at a time: a second one is told so, and not kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from samovar.broker.port import TopicPartition
from tests.support.stage import Stage

PLACE = TopicPartition("anything", 0)


def test_a_kafka_consumer_belongs_to_one_thread(kafka_stage: Stage) -> None:
    consumer = kafka_stage.broker.consumer("group")
    uses = [
        lambda: consumer.poll(1, 0.1),
        lambda: consumer.pause([PLACE]),
        lambda: consumer.resume([PLACE]),
        lambda: consumer.seek(PLACE, 0),
        lambda: consumer.store({PLACE: 1}),
        consumer.commit,
        consumer.close,
    ]

    with ThreadPoolExecutor(1) as another_thread:
        for use in uses:
            with pytest.raises(RuntimeError, match="second thread"):
                another_thread.submit(use).result(10)
        another_thread.submit(consumer.wake).result(10)
    consumer.close()
