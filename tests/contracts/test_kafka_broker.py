"""The Kafka broker keeps the contract."""

from __future__ import annotations

import pytest

from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import Broker
from samovar.testing.contracts import BrokerContract
from tests.support.kafka_process import KafkaProcess


class TestKafkaBroker(BrokerContract):
    @pytest.fixture
    def broker(self, kafka: KafkaProcess) -> Broker:
        return KafkaBroker(
            KafkaSettings(bootstrap_servers=kafka.bootstrap_servers), commit_interval=0.2
        )


class TestKafkaBrokerWithTheNewGroupProtocol(BrokerContract):
    @pytest.fixture
    def broker(self, kafka: KafkaProcess) -> Broker:
        settings = {"group.protocol": "consumer"}
        return KafkaBroker(
            KafkaSettings(bootstrap_servers=kafka.bootstrap_servers, settings=settings),
            commit_interval=0.2,
        )
