"""SIGSTOP under load: another takes over; the sleeper hears that it lost, and comes back."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

PARTITIONS = 8
JOBS_PER_ROUND = 1600
JOB_SECONDS = 0.005
CAME = "Partitions came: "
TAKEN = "Partitions were taken away: "


@pytest.mark.timeout(240)
def test_a_suspended_worker_loses_no_job(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=PARTITIONS)
    first, second = range(JOBS_PER_ROUND), range(JOBS_PER_ROUND, 2 * JOBS_PER_ROUND)

    with stage.steady_worker() as sleeper, stage.steady_worker() as other:
        for worker in (sleeper, other):
            eventually(lambda w=worker: holds_partitions(w), what="both hold partitions")
        put(stage, first)
        stage.journal.wait(lambda journal: {sleeper.pid, other.pid} <= journal.pids())
        suspend(stage, sleeper)
        stage.journal.wait_for("done", *first)

        sleeper.signal(signal.SIGCONT)
        sleeper.wait_for_output(TAKEN)
        eventually(lambda: holds_partitions(sleeper), what="the sleeper came back")
        put(stage, second)
        stage.journal.wait_for("done", *second)

        for worker in (sleeper, other):
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0
    lines = stage.journal.lines("done")
    assert {line.pid for line in lines if int(line.what) in second} == {sleeper.pid, other.pid}
    assert all(mark == JOBS_PER_ROUND * 2 // PARTITIONS for mark in stage.committed().values())


def suspend(stage: Stage, worker: WorkerProcess) -> None:
    """Stop it, but not amid a write to the log's file, where nobody else could write then."""
    process = psutil.Process(worker.pid)
    while True:
        worker.signal(signal.SIGSTOP)
        eventually(lambda: process.status() == psutil.STATUS_STOPPED, what="it is stopped")
        if stage.backend == "kafka" or is_writable(stage.settings.embedded.path):
            return
        worker.signal(signal.SIGCONT)


def is_writable(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as log:
        try:
            log.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        log.execute("ROLLBACK")
        return True


def put(stage: Stage, numbers: range) -> None:
    stage.put((number % PARTITIONS, JournalJob(number, JOB_SECONDS)) for number in numbers)


def holds_partitions(worker: WorkerProcess) -> bool:
    """Whether partitions came to it after the last time that it lost them."""
    _, _, since = worker.output.rpartition(TAKEN)
    return any(CAME in line and f"{CAME}none" not in line for line in since.splitlines())
