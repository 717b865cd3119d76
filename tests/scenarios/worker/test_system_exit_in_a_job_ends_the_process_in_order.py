"""C07: SystemExit concerns the process, not the job: the worker ends, and the job runs again."""

from __future__ import annotations

import signal

import pytest

from samovar import Job
from tests.jobs.sample import ExitingCoroutineJob, ExitingJob, JournalJob
from tests.support.stage import Stage


@pytest.mark.parametrize("job_class", [ExitingJob, ExitingCoroutineJob])
def test_system_exit_in_a_job_ends_the_process_in_order(stage: Stage, job_class: type[Job]) -> None:
    stage.create(partitions=2)
    stage.put([(0, JournalJob(0)), (0, job_class(1)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        assert worker.wait() == 1  # as for a script that is left with a text
    assert stage.journal.numbers("start") == [0, 1]

    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", 1, 2)
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == [0, 1, 1, 2]
    assert stage.records("default_dead") == []
