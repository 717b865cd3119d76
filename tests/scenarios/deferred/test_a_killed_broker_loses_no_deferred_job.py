"""Kafka is killed while jobs fall due, amid the transactions by which they leave: each enters its
queue once, none early, and all are performed.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from samovar import perform_all_later
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.stage import Stage

#: After how long the first one is due, and how long a broker is away and what it left is caught
#: up with, in seconds.
LEAD, TURN = 3.0, 8.0
JOBS_PER_KILL = 1000


@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(240)
def test_a_killed_broker_loses_no_deferred_job(
    tmp_path: Path, unique: Callable[[str], str]
) -> None:
    kill_the_broker(tmp_path, unique("s"), kills=1)


@pytest.mark.chaos
@pytest.mark.usefixtures("kafka")
@pytest.mark.timeout(1800)
def test_a_broker_killed_twenty_times_loses_no_deferred_job(
    tmp_path: Path, unique: Callable[[str], str], chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_the_broker(tmp_path, unique("s"), kills=20))


def kill_the_broker(directory: Path, prefix: str, *, kills: int) -> dict[str, object]:
    """The counts."""
    with KafkaProcess() as kafka:
        stage = Stage("kafka", directory=directory, prefix=prefix, kafka=kafka)
        stage.configure(imports=["tests.jobs.deferred"])
        stage.declare('app.scheduled_messages("scheduled_jobs")')
        stage.app.scheduled_messages("scheduled_jobs")
        jobs = JOBS_PER_KILL * kills
        waiting = [DeferredJob(n).set(wait=LEAD + TURN * n / JOBS_PER_KILL) for n in range(jobs)]
        perform_all_later(waiting)

        with stage.steady_worker() as worker:
            for number in range(kills):
                enough = JOBS_PER_KILL * number + 100
                eventually(
                    lambda enough=enough: len(set(stage.journal.notes())) >= enough,
                    within=90,
                    what=f"{enough} jobs have run",
                )
                time.sleep(random.uniform(0, 2))
                kafka.kill()
                time.sleep(random.uniform(0, 1))
                kafka.restart()
            stage.journal.wait_for("done", *range(jobs), within=120)
            worker.signal(signal.SIGTERM)
            assert worker.wait(60) == 0

        due = {n: job.due_ns or 0 for n, job in enumerate(waiting)}
        for note in stage.journal.notes("at"):
            number, at = map(int, note.split(":"))
            assert at >= due[number]
        performed = Counter(stage.journal.numbers())
        entered = len(stage.records())
        assert entered == jobs
        stage.close()
    return {
        "broker_kills": kills,
        "waited": jobs,
        "lost": jobs - len(performed),
        "entered_twice": entered - jobs,
        "performed_again": performed.total() - jobs,
    }
