"""A log with one queue, for the suite of inspectors."""

from __future__ import annotations

import time
import uuid

from samovar.broker.port import Broker, NewRecord, TopicSpec
from samovar.engine.failing.dead_letter_store import DeadLetterStore
from samovar.engine.inspecting.inspector import LogInspector
from samovar.engine.inspecting.queues import JobQueue
from samovar.job.job_data import dumps


class InspectedLog:
    """Fulfils `samovar.testing.contracts.inspector.InspectedBackend`."""

    def __init__(self, broker: Broker, *, offsets_are_dense: bool) -> None:
        self.queue = f"inspected-{uuid.uuid4().hex[:8]}"
        self.dead_letter_queue = f"{self.queue}_dead"
        self.group = f"{self.queue}-group"
        self.admin = broker.admin()
        self.producer = broker.producer()
        self.admin.create_topics(
            [
                TopicSpec(name=self.queue, partitions=2),
                TopicSpec(name=self.dead_letter_queue, partitions=2, is_dead_letter=True),
            ]
        )
        store = DeadLetterStore(
            admin=broker.admin(),
            producer=lambda: self.producer,
            group=self.group,
            declared=[self.dead_letter_queue],
            queues=[self.queue],
            real_name=lambda name: name,
        )
        self.inspector = LogInspector(
            broker.admin(),
            store,
            queues=lambda: {self.queue: JobQueue(self.queue, self.group)},
            real_name=lambda name: name,
            offsets_are_dense=offsets_are_dense,
        )
        self._put = 0

    def enqueue(self, *job_ids: str) -> None:
        self._produce(self.queue, job_ids, ())

    def add_dead(self, *job_ids: str, error_class: str = "ValueError") -> None:
        headers = (
            ("source_topic", self.queue.encode()),
            ("source_partition", b"1"),
            ("error_class", error_class.encode()),
            ("error_message", b"boom"),
        )
        self._produce(self.dead_letter_queue, job_ids, headers)

    def close(self) -> None:
        self.inspector.close()
        self.admin.delete_topics([self.queue, self.dead_letter_queue])
        self.admin.close()
        self.producer.close(10)

    def _produce(
        self, topic: str, job_ids: tuple[str, ...], headers: tuple[tuple[str, bytes], ...]
    ) -> None:
        """All at the same time, in turn to both partitions."""
        now = time.time_ns() // 1_000_000
        records: list[NewRecord] = []
        for job_id in job_ids:
            data = {"job_class": "ContractJob", "job_id": job_id, "arguments": [job_id]}
            records.append(
                NewRecord(
                    topic, dumps(data), headers=headers, partition=self._put % 2, timestamp=now
                )
            )
            self._put += 1
        self.producer.produce_sync(records)
