"""Twenty threads do a process's first enqueue at once: one application, one client, every job."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import Producer as Client

import samovar
from samovar.broker.port import NewRecord
from tests.support.stage import Stage

THREADS = 20
FIRST_AT_ONCE = f"""
import threading
from concurrent.futures import ThreadPoolExecutor
from samovar import App
from tests.jobs.sample import JournalJob

made = []
make = App.__init__
App.__init__ = lambda self, **settings: (made.append(self), make(self, **settings))[1]
ready = threading.Barrier({THREADS})

def enqueue(number):
    ready.wait(30)
    assert JournalJob.perform_later(number)

with ThreadPoolExecutor({THREADS}) as threads:
    list(threads.map(enqueue, range({THREADS})))
names = [thread.name for thread in threading.enumerate()]
print(len(made), names.count("samovar-delivery"))
"""


def test_many_threads_may_enqueue_first(stage: Stage) -> None:
    done = stage.script(FIRST_AT_ONCE)

    assert done.returncode == 0, done.stderr
    assert not done.stderr
    clients = 1 if stage.backend == "kafka" else 0
    assert done.stdout.split() == ["1", str(clients)]
    payloads = [samovar.payload.loads(record.value) for record in stage.records()]
    assert sorted(payload["arguments"] for payload in payloads) == [[n] for n in range(THREADS)]


def test_many_threads_may_use_a_new_kafka_producer(
    kafka_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka_stage.create(partitions=1)
    producer = kafka_stage.broker.producer()
    made = threading.Semaphore(0)

    def make_slowly(properties: dict[str, Any]) -> Any:
        made.release()
        threading.Event().wait(0.05)  # so that whoever may come in does
        return Client(properties)

    monkeypatch.setattr("samovar.broker.kafka.producer.Client", make_slowly)
    record = NewRecord(kafka_stage.topic(), b"{}")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(producer.produce, [record] * THREADS))

    assert producer.close(30) == 0
    assert len(kafka_stage.records()) == THREADS
    assert made.acquire(blocking=False)
    assert not made.acquire(blocking=False)
