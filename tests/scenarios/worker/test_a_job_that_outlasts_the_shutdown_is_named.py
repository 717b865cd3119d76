"""A job longer than `shutdown_timeout`: exit status 2 in time, its name in the log, a rerun.

F03.
"""

from __future__ import annotations

import signal
import time

from tests.jobs.sample import GateJob, JournalJob
from tests.support.stage import Stage

SHUTDOWN_SECONDS = 1.0


def test_a_job_that_outlasts_the_shutdown_is_named(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.configure("worker", shutdown_timeout=SHUTDOWN_SECONDS)
    stage.create(partitions=2)
    gate = GateJob(1)
    stage.put([(1, gate), (1, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 1)
        asked = time.monotonic()
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 2
        assert time.monotonic() - asked < SHUTDOWN_SECONDS + 5
        assert f"GateJob ({gate.job_id}) at {stage.topic()}[1]@0" in worker.output

    stage.open_gate(1)
    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", 1, 2)
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == [1, 1, 2]
