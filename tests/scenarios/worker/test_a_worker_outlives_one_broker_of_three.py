"""One broker of a cluster dies under load: the worker and those who enqueue go on without it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from samovar.broker.port import TopicSpec
from tests.jobs.sample import JournalJob
from tests.support.kafka_cluster import KafkaCluster
from tests.support.stage import Stage

PARTITIONS = 6
JOBS_PER_ROUND = 1500
JOB_SECONDS = 0.01
Unique = Callable[[str], str]


@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(300)
def test_a_worker_outlives_one_broker_of_three(tmp_path: Path, unique: Unique) -> None:
    lose_a_broker(tmp_path, unique("s"), rounds=1)


@pytest.mark.chaos
@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(1200)
def test_a_worker_outlives_each_broker_of_three(
    tmp_path: Path, unique: Unique, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**lose_a_broker(tmp_path, unique("s"), rounds=6))


def lose_a_broker(directory: Path, prefix: str, rounds: int) -> dict[str, object]:
    recoveries: list[float] = []
    with KafkaCluster() as cluster:
        stage = Stage("kafka", directory=directory, prefix=prefix, kafka=cluster)
        spec = TopicSpec(name=stage.topic(), partitions=PARTITIONS, replication_factor=3)
        stage.admin.create_topics([spec])
        enqueued = 0
        with stage.steady_worker() as worker:
            for round_ in range(rounds):
                before = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
                stage.put((n % PARTITIONS, JournalJob(n, JOB_SECONDS)) for n in before)
                stage.journal.wait_for("start", before[0], before[100])
                time.sleep(random.uniform(0, 1))
                lost = cluster.nodes[round_ % len(cluster.nodes)]
                lost.kill()
                died = time.monotonic()
                after = range(enqueued, enqueued := enqueued + PARTITIONS)
                stage.put((n % PARTITIONS, JournalJob(n)) for n in after)
                stage.journal.wait_for("done", *before, *after, within=120)
                recoveries.append(round(time.monotonic() - died, 1))
                if round_ + 1 < rounds:
                    lost.restart()
            worker.signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        assert stage.journal.pids() == {worker.pid}
        done = stage.journal.numbers("done")
        stage.close()
    return {
        "backend": "kafka, three brokers",
        "broker_kills": rounds,
        "enqueued": enqueued,
        "lost": enqueued - len(set(done)),
        "repeated": len(done) - len(set(done)),
        "seconds_until_all_was_done": recoveries,
    }
