"""A09: `retry_on` without a wait enqueues the job again, and marks this run."""

from __future__ import annotations

import signal

from tests.jobs.errands import ThirdTimeJob
from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage


def test_a_retry_at_once_is_enqueued_again_and_its_run_is_marked(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.errands", "tests.jobs.sample"])
    stage.create(partitions=1)
    stage.put([(0, ThirdTimeJob(1)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, 2)
        eventually(lambda: list(stage.committed().values()) == [4], what="each run is marked")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.numbers("start") == [1, 2, 1, 1]
    (marks,) = stage.admin.watermarks(stage.topic()).values()
    assert marks.high == 4
    assert stage.records("default_dead") == []
