"""kill -9 while jobs become due: each enters its topic exactly once, and is performed (J05)."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable

import pytest

import samovar
from samovar import perform_all_later
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

#: After how long the first one is due, in seconds.
LEAD = 2.5


def test_killed_workers_lose_no_deferred_job(log_stage: Stage) -> None:
    kill(log_stage, kills=3, jobs=1500, span=4.0)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_workers_killed_fifty_times_lose_no_deferred_job(
    log_stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill(log_stage, kills=50, jobs=10_000, span=100.0))


def kill(stage: Stage, *, kills: int, jobs: int, span: float) -> dict[str, object]:
    """Kill workers while jobs become due over `span` seconds."""
    stage.app  # noqa: B018 -- jobs need an application
    waiting = [DeferredJob(n).set(wait=LEAD + span * n / jobs) for n in range(jobs)]
    perform_all_later(waiting)

    for number in range(1, kills + 1):
        with stage.worker("--processes", "2") as worker:
            enough = int(jobs * 0.5 * number / kills)
            eventually(
                lambda enough=enough: len(set(stage.journal.notes())) >= enough,
                within=60,
                what=f"{enough} jobs have run",
            )
            worker.signal(signal.SIGKILL)
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(jobs), within=60 + span)
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    due = {n: job.due_ns or 0 for n, job in enumerate(waiting)}
    for note in stage.journal.notes("at"):
        number, at = map(int, note.split(":"))
        assert at >= due[number]
    # None entered its topic twice.
    assert entered(stage) == jobs
    performed = Counter(stage.journal.numbers())
    assert set(performed) == set(range(jobs))
    assert not samovar.cancel_scheduled(waiting[0].job_id)
    return {
        "backend": stage.backend,
        "kills": kills,
        "waited": jobs,
        "lost": jobs - len(performed),
        "entered_twice": entered(stage) - jobs,
        "performed_again": performed.total() - jobs,
    }


def entered(stage: Stage) -> int:
    """How many records there ever were in the topic: the embedded log deletes what is done."""
    if stage.backend == "kafka":
        return len(stage.records())
    return sum(marks.high for marks in stage.admin.watermarks(stage.topic()).values())
