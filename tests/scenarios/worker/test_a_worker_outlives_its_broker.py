"""Kafka is killed and comes back under load: the same worker process performs every job."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.sample import JournalJob
from tests.support.kafka_process import KafkaProcess
from tests.support.stage import Stage

PARTITIONS = 8
JOBS_PER_ROUND = 1500
JOB_SECONDS = 0.01
Unique = Callable[[str], str]


@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(240)
def test_a_worker_outlives_its_broker(tmp_path: Path, unique: Unique) -> None:
    kill_the_broker(tmp_path, unique("s"), rounds=1)


@pytest.mark.chaos
@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(1200)
def test_a_worker_outlives_ten_deaths_of_its_broker(
    tmp_path: Path, unique: Unique, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_the_broker(tmp_path, unique("s"), rounds=10))


def kill_the_broker(directory: Path, prefix: str, rounds: int) -> dict[str, object]:
    with KafkaProcess() as kafka:
        stage = Stage("kafka", directory=directory, prefix=prefix, kafka=kafka)
        stage.create(partitions=PARTITIONS)
        enqueued = 0
        with stage.steady_worker() as worker:
            for _ in range(rounds):
                jobs = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
                stage.put((n % PARTITIONS, JournalJob(n, JOB_SECONDS)) for n in jobs)
                stage.journal.wait_for("start", jobs[0], jobs[100])
                time.sleep(random.uniform(0, 1))
                kafka.kill()
                time.sleep(random.uniform(0, 1))
                kafka.restart()
                stage.journal.wait_for("done", *jobs, within=120)
            worker.signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        assert stage.journal.pids() == {worker.pid}
        done = stage.journal.numbers("done")
        stage.close()
    return {
        "backend": "kafka",
        "broker_kills": rounds,
        "enqueued": enqueued,
        "lost": enqueued - len(set(done)),
        "repeated": len(done) - len(set(done)),
    }
