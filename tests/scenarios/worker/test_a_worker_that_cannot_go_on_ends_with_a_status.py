"""What ends a worker that nobody asked to stop: never with status 0, so that its keeper starts it
again, and the job is performed once more.
"""

from __future__ import annotations

import signal

import pytest

from samovar import Job
from tests.jobs.sample import JournalJob
from tests.jobs.unruly import (
    ClosingJob,
    EndingJob,
    PatientCoroutineJob,
    ThreadEndingJob,
    WaitingCoroutineJob,
)
from tests.support.stage import Stage


def plays(stage: Stage, culprit: Job, status: int) -> None:
    """A worker ends with this status in the midst of jobs; its successor performs them all."""
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.unruly"])
    stage.configure("worker", concurrency=2)
    stage.notice_the_dead()
    stage.create(partitions=4)
    stage.put((n % 4, JournalJob(n, 0.01)) for n in range(40))
    stage.put([(1, culprit)])
    stage.put((n % 4, JournalJob(n, 0.01)) for n in range(50, 60))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 45)
        stage.put((n % 4, JournalJob(n, 0.01)) for n in range(60, 80))
        assert worker.wait() == status

    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", *range(40), 45, *range(50, 80))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [("exit 7", 7), ("exit 0", 70), ("memory", 70), ("interrupt", 130)],
)
def test_an_error_that_ends_the_process(stage: Stage, kind: str, status: int) -> None:
    plays(stage, EndingJob(45, kind), status)


@pytest.mark.parametrize(
    ("stage", "first"), [("embedded", 0), ("embedded", 3), ("kafka", 3)], indirect=["stage"]
)
def test_a_job_that_closes_all_files(stage: Stage, first: int) -> None:
    plays(stage, ClosingJob(45, first), 70)


@pytest.mark.parametrize("stage", ["embedded"], indirect=True)
@pytest.mark.parametrize("thread", ["samovar-listener", "samovar-executor-1"])
def test_a_thread_that_dies(stage: Stage, thread: str) -> None:
    plays(stage, ThreadEndingJob(45, thread, "exit"), 70)


@pytest.mark.parametrize("stage", ["embedded"], indirect=True)
def test_an_event_loop_that_fails_is_replaced(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.unruly"])
    stage.create(partitions=2)
    stage.put([(0, PatientCoroutineJob(0, 5.0))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 0)
        stage.put([(1, ThreadEndingJob(1, "samovar-loop", "memory")), (1, WaitingCoroutineJob(2))])
        stage.journal.wait_for("done", 0, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert "The event loop that ran this coroutine has failed" in worker.output
