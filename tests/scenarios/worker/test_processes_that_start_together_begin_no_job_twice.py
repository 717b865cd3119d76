"""Several processes start on a backlog of jobs that outlast the grace of a rebalance: the first one
waits for the others before it begins what is theirs.
"""

from __future__ import annotations

import signal

import pytest

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

PARTITIONS = 8
#: Longer than a rebalance waits for running jobs.
SECONDS = 6.0


@pytest.mark.timeout(120)
def test_processes_that_start_together_begin_no_job_twice(stage: Stage) -> None:
    stage.create(partitions=PARTITIONS)
    stage.put((n, JournalJob(n, SECONDS)) for n in range(PARTITIONS))

    with stage.worker("--processes", "3", "-c", "8") as workers:
        stage.journal.wait_for("done", *range(PARTITIONS), within=90)
        workers.signal(signal.SIGTERM)
        assert workers.wait() == 0

    assert sorted(stage.journal.numbers("start")) == list(range(PARTITIONS))
    assert len(stage.journal.pids()) == 3
