"""An error whose attributes, text or truth raise costs its own job a retry, and nothing else."""

from __future__ import annotations

import signal

import pytest

from tests.jobs.hostile_errors import HOSTILE, GivingUpJob, HostileErrorJob
from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTE = "app.job_topic('default', {}, pause=Pause(timeout=0.05, exponential=False))"


@pytest.mark.parametrize("setting", ["ordering='partition'", "ordering='none'"])
def test_an_error_that_cannot_be_read_harms_nothing_else(stage: Stage, setting: str) -> None:
    stage.configure(imports=["tests.jobs.hostile_errors", "tests.jobs.sample"])
    stage.declare(ROUTE.format(setting))
    stage.create(partitions=1)
    jobs = [HostileErrorJob(number, kind) for number, kind in enumerate(HOSTILE)]
    last = JournalJob(len(jobs))
    stage.put((0, job) for job in [*jobs, last])

    with stage.steady_worker("-c", "1") as worker:
        stage.journal.wait_for("done", *range(len(jobs) + 1))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("start")) == sorted(
        [*range(len(jobs)), *range(len(jobs) + 1)]
    )
    assert len(worker.output) < 1_000_000
    assert "\n2026-01-01 00:00:00" not in worker.output


def test_a_job_is_given_up_after_its_attempts_though_its_error_has_no_text(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.hostile_errors"])
    stage.create(partitions=1)
    kinds = ["speechless", "unreadable", "closed", "empty"]
    stage.put((0, GivingUpJob(number, kind)) for number, kind in enumerate(kinds))

    with stage.steady_worker("-c", "1") as worker:
        eventually(lambda: len(stage.records("default_dead")) == len(kinds), within=60)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("start")) == sorted([*range(len(kinds))] * 2)
