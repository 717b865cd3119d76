"""A job that fails is retried in place: its partition waits behind it, the others go on.

C01, C02, and with one thread C09.
"""

from __future__ import annotations

import signal
from itertools import pairwise

from tests.jobs.sample import FailingJob, JournalJob
from tests.support.stage import Stage

BEHIND, BESIDE = range(1, 6), range(10, 60)


def test_a_failing_job_blocks_its_own_partition_only(stage: Stage) -> None:
    stage.configure("worker", concurrency=1)
    # A declared topic without a dead letter queue retries for ever.
    stage.declare("app.job_topic('default', pause=Pause(timeout=0.05, max_timeout=0.1))")
    stage.create(partitions=4)
    stage.put([(0, FailingJob(0)), *((0, JournalJob(n)) for n in BEHIND)])

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.notes("start")) >= 3)
        stage.put((n % 3 + 1, JournalJob(n)) for n in BESIDE)
        stage.journal.wait_for("done", *BESIDE)
        stage.journal.wait(lambda journal: journal.numbers("start").count(0) >= 8)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("done")) == list(BESIDE)
    tries = [line.at for line in stage.journal.lines("start") if line.what == "0"]
    assert min(later - sooner for sooner, later in pairwise(tries)) >= 0.09
    assert stage.records("default_dead") == []
