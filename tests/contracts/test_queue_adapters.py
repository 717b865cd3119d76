"""Every queue adapter keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar import App
from samovar.job import runtime
from samovar.job.queue_adapter import QueueAdapter
from samovar.testing.contracts import QueueAdapterContract
from tests.support.kafka_process import KafkaProcess


class TestInlineAdapter(QueueAdapterContract):
    @pytest.fixture
    def adapter(self) -> Iterator[QueueAdapter]:
        yield from _adapter("inline")


class TestAsyncAdapter(QueueAdapterContract):
    @pytest.fixture
    def adapter(self) -> Iterator[QueueAdapter]:
        yield from _adapter("async")


class TestTestAdapter(QueueAdapterContract):
    @pytest.fixture
    def adapter(self) -> Iterator[QueueAdapter]:
        yield from _adapter("test")


class TestEmbeddedAdapter(QueueAdapterContract):
    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Iterator[QueueAdapter]:
        yield from _adapter("embedded", embedded={"path": tmp_path / "log.db"})


class TestKafkaAdapter(QueueAdapterContract):
    @pytest.fixture
    def adapter(self, kafka: KafkaProcess) -> Iterator[QueueAdapter]:
        yield from _adapter("kafka", kafka={"bootstrap_servers": kafka.bootstrap_servers})


def _adapter(name: str, **settings: Any) -> Iterator[QueueAdapter]:
    before = runtime.installed()
    app = App(queue_adapter=name, **settings)
    try:
        yield app.adapter()
    finally:
        app.close()
        runtime.install(before)
