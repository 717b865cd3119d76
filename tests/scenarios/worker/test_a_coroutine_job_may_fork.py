"""A child that a coroutine job forks works for nobody: it runs no other job, takes nothing of the
parent's event loop, and ends where it returns or awaits.
"""

from __future__ import annotations

import signal

from tests.jobs.unruly import ForkingCoroutineJob, StartingCoroutineJob, WaitingCoroutineJob
from tests.support.eventually import eventually
from tests.support.processes import children
from tests.support.stage import Stage

STARTS = ("process", "command", "fork_in_a_thread")
KINDS = ("returns", "awaits", "yields", "raises", "exits")
JOBS = 200


def test_a_coroutine_job_may_fork(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.unruly"])
    stage.configure("worker", concurrency=8)
    stage.create(partitions=8)
    stage.put((n % 8, WaitingCoroutineJob(n)) for n in range(JOBS))
    forking = range(JOBS, JOBS + 4 * len(KINDS))
    stage.put((n % 8, ForkingCoroutineJob(n, KINDS[n % len(KINDS)])) for n in forking)
    starting = range(forking.stop, forking.stop + 3 * len(STARTS))
    stage.put((n % 8, StartingCoroutineJob(n, STARTS[n % len(STARTS)])) for n in starting)
    after = range(starting.stop, starting.stop + JOBS)
    stage.put((n % 8, WaitingCoroutineJob(n)) for n in after)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(after.stop), within=90)
        stage.journal.wait_for("child", *forking)
        eventually(lambda: not children(worker.pid), what="the children have ended")
        assert "came to an `await`" in worker.output
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("done")) == list(range(after.stop))
    assert sorted(stage.journal.numbers("start")) == list(range(after.stop))
    assert {line.pid for line in stage.journal.lines("done")} == {worker.pid}
