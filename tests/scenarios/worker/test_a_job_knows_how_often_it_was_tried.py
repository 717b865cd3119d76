"""`self.executions` counts every run, also those of a job that is tried again in its place."""

from __future__ import annotations

import signal

import pytest

from tests.jobs.sample import CountingJob
from tests.support.stage import Stage


@pytest.mark.parametrize("ordering", ["partition", "none"])
def test_a_job_knows_how_often_it_was_tried(stage: Stage, ordering: str) -> None:
    stage.declare(
        f'app.job_topic("default", partitions=1, ordering={ordering!r}, '
        'pause=Pause(timeout=0.01), dead_letter_queue=DeadLetterQueue("dead", max_retries=5))'
    )
    stage.create(partitions=1)
    stage.put((0, CountingJob(number, fails)) for number, fails in enumerate((2, 0, 3)))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 0, 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.notes("run")) == sorted(
        ["0:1", "0:2", "0:3", "1:1", "2:1", "2:2", "2:3", "2:4"]
    )
    assert stage.records("dead") == []
