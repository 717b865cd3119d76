"""kill -9 while jobs become due: each enters its topic exactly once, and is performed (J05)."""

from __future__ import annotations

import signal
from collections import Counter

import samovar
from samovar import perform_all_later
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

JOBS = 1500
#: Over how long they become due, and after how long the first one, in seconds.
SPAN, LEAD = 4.0, 2.5


def test_killed_workers_lose_no_deferred_job(log_stage: Stage) -> None:
    stage = log_stage
    stage.app  # noqa: B018 -- jobs need an application
    jobs = [DeferredJob(n).set(wait=LEAD + SPAN * n / JOBS) for n in range(JOBS)]
    perform_all_later(jobs)

    for share in (0.15, 0.3, 0.45):
        with stage.worker("--processes", "2") as worker:
            enough = int(JOBS * share)
            eventually(
                lambda enough=enough: len(set(stage.journal.notes())) >= enough,
                within=60,
                what=f"{enough} jobs have run",
            )
            worker.signal(signal.SIGKILL)
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(JOBS))
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    due = {n: job.due_ns or 0 for n, job in enumerate(jobs)}
    for note in stage.journal.notes("at"):
        number, at = map(int, note.split(":"))
        assert at >= due[number]
    # None entered its topic twice.
    assert len(stage.records()) == JOBS
    assert set(Counter(stage.journal.numbers())) == set(range(JOBS))
    assert not samovar.cancel_scheduled(jobs[0].job_id)
