"""The embedded broker keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import Broker
from samovar.testing.contracts import BrokerContract


class TestEmbeddedBroker(BrokerContract):
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Broker:
        return EmbeddedBroker(tmp_path / "log.db", commit_interval=0.2)


class TestEmbeddedBrokerThatDoesNotWaitForTheDisk(BrokerContract):
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Broker:
        return EmbeddedBroker(tmp_path / "log.db", commit_interval=0.2, synchronous="normal")
