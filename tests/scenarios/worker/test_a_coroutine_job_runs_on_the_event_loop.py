"""Coroutine jobs share one event loop, beside jobs that run in threads."""

from __future__ import annotations

import signal

from tests.jobs.sample import NoticingCoroutineJob, NoticingJob
from tests.support.stage import Stage


def test_a_coroutine_job_runs_on_the_event_loop(stage: Stage) -> None:
    stage.create(partitions=4)
    stage.put((n % 4, NoticingCoroutineJob(n)) for n in range(20))
    stage.put((n % 4, NoticingJob(n)) for n in range(20, 40))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(40))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    threads = stage.journal.notes("thread")
    assert threads.count("samovar-loop") == 20
    assert sum(name.startswith("samovar-executor-") for name in threads) == 20
