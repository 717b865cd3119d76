"""A broker makes its first group's coordinator while it is asked; the answer waits for it."""

from __future__ import annotations

import pytest

from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import TopicSpec
from tests.support.kafka_process import KafkaProcess


@pytest.mark.usefixtures("kafka")
def test_offsets_are_answered_by_a_broker_that_never_had_a_group() -> None:
    with KafkaProcess() as fresh:
        settings = KafkaSettings(bootstrap_servers=fresh.bootstrap_servers)
        admin = KafkaBroker(settings, commit_interval=1.0).admin()
        admin.create_topics([TopicSpec(name="orders", partitions=2)])

        answers = [admin.committed(f"group-{index}", "orders") for index in range(16)]

        admin.close()
    assert answers == [{}] * 16
