"""TERM during a job: it finishes and is marked, none of its partition follows, status 0 (F01)."""

from __future__ import annotations

import signal

from tests.jobs.sample import GateJob, JournalJob
from tests.support.stage import Stage


def test_term_lets_a_running_job_finish(stage: Stage) -> None:
    stage.create(partitions=2)
    stage.put([(0, GateJob(0)), (0, JournalJob(1)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 0)
        worker.signal(signal.SIGTERM)
        worker.wait_for_output("The worker is stopping")
        stage.open_gate(0)
        assert worker.wait() == 0
    assert stage.journal.numbers("done") == [0]

    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", 1, 2)
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == [0, 1, 2]
