"""A worker's clock is put forward and back: what waits leaves by it, once, and none is lost."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from samovar import perform_all_later
from samovar.support import clock
from tests.jobs.deferred import DeferredJob
from tests.support import jumping_clock
from tests.support.eventually import eventually
from tests.support.stage import Stage

HOUR = 3600.0


@pytest.fixture
def clock_stage(log_stage: Stage) -> Stage:
    """A stage whose workers go by a clock that the test may put."""
    is_kafka = log_stage.backend == "kafka"
    topic = 'app.scheduled_messages("scheduled_jobs")' if is_kafka else ""
    log_stage.declare(jumping_clock.ROUTES + topic)
    return log_stage


def wait_with(stage: Stage, seconds: float, *numbers: int) -> list[DeferredJob]:
    """Let jobs of these numbers wait so long."""
    stage.app  # noqa: B018 -- jobs need an application
    jobs = [DeferredJob(n).set(wait=seconds) for n in numbers]
    perform_all_later(jobs)
    return jobs


def ran_at(stage: Stage) -> dict[int, int]:
    """When each job ran by the true clock, nanoseconds since the epoch."""
    notes = [note.split(":") for note in stage.journal.notes("at")]
    return {int(number): int(at) for number, at in notes}


def test_a_clock_that_is_put_back_lets_nothing_leave_early_or_twice(clock_stage: Stage) -> None:
    stage = clock_stage
    early, late = range(10), range(10, 20)
    wait_with(stage, 1, *early)
    jobs = wait_with(stage, 6, *late)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *early)
        jumping_clock.put(stage, -HOUR)
        due = jobs[-1].due_ns or 0
        eventually(lambda: clock.now_ns() > due + 1_000_000_000)
        DeferredJob.perform_later(20)
        stage.journal.wait_for("done", 20)
        assert not set(late) & set(stage.journal.numbers())
        jumping_clock.put(stage, 0)
        stage.journal.wait_for("done", *late)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers()) == list(range(21))


def test_a_clock_that_is_put_forward_lets_leave_what_is_due_by_it(clock_stage: Stage) -> None:
    stage = clock_stage
    distant, near = range(10), range(10, 20)
    wait_with(stage, HOUR, *distant)

    with stage.steady_worker() as worker:
        jumping_clock.put(stage, HOUR + 1)
        stage.journal.wait_for("done", *distant)
        jumping_clock.put(stage, 0)
        jobs = wait_with(stage, 1.5, *near)
        stage.journal.wait_for("done", *near)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers()) == list(range(20))
    for job in jobs:
        assert ran_at(stage)[job.arguments[0]] >= (job.due_ns or 0)


def test_a_clock_that_jumps_while_jobs_fall_due_loses_none(clock_stage: Stage) -> None:
    jump(clock_stage, jumps=4, jobs=400, span=8)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_clock_that_jumps_a_hundred_times_loses_none(
    clock_stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**jump(clock_stage, jumps=100, jobs=10_000, span=120))


def jump(stage: Stage, *, jumps: int, jobs: int, span: float) -> dict[str, object]:
    """Put the clock forward and back while jobs become due over `span` seconds."""
    stage.app  # noqa: B018 -- jobs need an application
    perform_all_later([DeferredJob(n).set(wait=2 + span * n / jobs) for n in range(jobs)])

    with stage.steady_worker() as one, stage.steady_worker() as other:
        for _ in range(jumps):
            time.sleep(span / jumps * random.random())
            jumping_clock.put(stage, random.uniform(-span / 4, span / 4))
        jumping_clock.put(stage, 0)
        stage.journal.wait_for("done", *range(jobs), within=60 + span)
        for worker in (one, other):
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    performed = Counter(stage.journal.numbers())
    assert set(performed.values()) == {1}
    return {
        "backend": stage.backend,
        "jumps": jumps,
        "waited": jobs,
        "lost": jobs - len(performed),
        "performed_again": performed.total() - jobs,
    }
