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

#: A process as a supervisor starts it second: it has made no topic and has looked at none.
SECOND = """
from samovar import App
from samovar.engine.polling import settling
from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually

settling.SETTLE_SECONDS = 3600.0
app = App(worker={"processes": 2})
app.job_topic("default", partitions=1)
worker = app.worker(member="1")
worker.start()
held = worker._listeners[0]
eventually(lambda: app.assignments, what="it holds the partition")
eventually(lambda: held._assignment is not None and not held._assignment.entrances.waiting)
worker.stop()
app.close()
"""


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


def test_a_process_that_has_no_more_than_its_share_waits_for_nobody(stage: Stage) -> None:
    stage.create(partitions=1)

    done = stage.script(SECOND)

    assert done.returncode == 0, done.stderr
