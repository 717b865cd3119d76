"""The ledger of a log keeps the contract, on each log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import Broker, NewRecord, TopicPartition, TopicSpec
from samovar.engine.recurring import ledger
from samovar.engine.recurring.ledger import RecurringLedger
from samovar.job.job_data import EnqueueRequest, dumps, loads
from samovar.recurring.port import Ledger
from samovar.recurring.task import RecurringTasks
from samovar.testing.contracts import LedgerContract
from tests.support.kafka_process import KafkaProcess


class LedgerOfALog:
    """Fulfils `samovar.testing.contracts.ledger.LedgerBackend`."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.admin = broker.admin()
        self.group = f"ledger-{uuid.uuid4().hex[:8]}"
        self.queue = f"{self.group}-queue"
        self.spec = ledger.spec(self.group)
        self.admin.create_topics([self.spec, TopicSpec(name=self.queue, partitions=1)])
        self._producer = broker.atomic_producer(self.group)

    def open(self) -> Ledger:
        self._producer.close()
        self._producer = self.broker.atomic_producer(self.group)
        source = TopicPartition(self.spec.name, 0)
        opened = RecurringLedger(
            source,
            self._producer,
            tasks=RecurringTasks(),
            record_of=lambda request: NewRecord(self.queue, dumps(request.data)),
            adapter_name="log",
        )
        if records := self.admin.read(source, 0, 1000):
            opened.take(records)
        return opened

    def request(self, job_id: str) -> EnqueueRequest:
        return EnqueueRequest({"job_class": "ContractJob", "job_id": job_id})

    def enqueued(self) -> list[str]:
        records = self.admin.read(TopicPartition(self.queue, 0), 0, 100)
        return [loads(record.value)["job_id"] for record in records]

    def close(self) -> None:
        self._producer.close()
        self.admin.delete_topics([self.spec.name, self.queue])
        self.admin.close()


class TestEmbeddedLedger(LedgerContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[LedgerOfALog]:
        log = LedgerOfALog(EmbeddedBroker(tmp_path / "log.db"))
        yield log
        log.close()


class TestKafkaLedger(LedgerContract):
    @pytest.fixture
    def backend(self, kafka: KafkaProcess) -> Iterator[LedgerOfALog]:
        settings = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
        log = LedgerOfALog(KafkaBroker(settings, commit_interval=0.2))
        yield log
        log.close()
