"""TERM at any moment: exit status 0, nothing is lost, and nothing is performed twice (E02)."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

PARTITIONS = 8
JOBS_PER_ROUND = 1500
JOB_SECONDS = 0.005
LONGEST_LIFE_SECONDS = 1.8


@pytest.mark.timeout(180)
def test_a_terminated_worker_repeats_no_job(stage: Stage) -> None:
    terminate_under_load(stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_worker_terminated_fifty_times_repeats_no_job(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**terminate_under_load(stage, rounds=50))


def terminate_under_load(stage: Stage, rounds: int) -> dict[str, object]:
    stage.create(partitions=PARTITIONS)
    enqueued = 0

    for _ in range(rounds):
        jobs = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
        stage.put((n % PARTITIONS, JournalJob(n, JOB_SECONDS)) for n in jobs)
        with stage.steady_worker() as worker:
            time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(enqueued), within=120)
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    started, done = stage.journal.numbers("start"), stage.journal.numbers("done")
    assert sorted(started) == list(range(enqueued))
    assert sorted(done) == list(range(enqueued))
    return {
        "backend": stage.backend,
        "terms": rounds,
        "enqueued": enqueued,
        "lost": enqueued - len(set(done)),
        "performed_twice": len(started) - len(set(started)),
    }
