"""The inspector of a log keeps the contract, on each log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.testing.contracts import InspectorContract
from tests.contracts.inspected_log import InspectedLog
from tests.support.kafka_process import KafkaProcess


class TestEmbeddedInspector(InspectorContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[InspectedLog]:
        log = InspectedLog(EmbeddedBroker(tmp_path / "log.db"), offsets_are_dense=True)
        yield log
        log.close()


class TestKafkaInspector(InspectorContract):
    @pytest.fixture
    def backend(self, kafka: KafkaProcess) -> Iterator[InspectedLog]:
        settings = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
        log = InspectedLog(KafkaBroker(settings, commit_interval=0.2), offsets_are_dense=False)
        yield log
        log.close()
