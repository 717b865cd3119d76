"""A partition whose job backs off is revoked and given back: it goes on, it is not frozen (E10)."""

from __future__ import annotations

import signal

import pytest

from tests.jobs.sample import HealingJob, JournalJob
from tests.support.stage import Stage

PARTITIONS = 4


@pytest.mark.timeout(180)
def test_a_partition_in_back_off_survives_a_visit(stage: Stage) -> None:
    stage.declare("app.job_topic('default', pause=Pause(timeout=0.2, max_timeout=0.4))")
    stage.create(partitions=PARTITIONS)
    stage.put((p, HealingJob(p)) for p in range(PARTITIONS))
    stage.put((p, JournalJob(10 + p)) for p in range(PARTITIONS))

    with stage.steady_worker() as host:
        stage.journal.wait_for("start", *range(PARTITIONS))
        with stage.steady_worker() as visitor:
            stage.journal.wait(lambda journal: visitor.pid in journal.pids())
            visitor.signal(signal.SIGTERM)
            assert visitor.wait() == 0
        tries = len(stage.journal.lines("start"))
        stage.journal.wait(lambda journal: len(journal.lines("start")) > tries + 2 * PARTITIONS)
        for number in range(PARTITIONS):
            stage.open_gate(number)
        stage.journal.wait_for("done", *range(PARTITIONS), *range(10, 10 + PARTITIONS))
        host.signal(signal.SIGTERM)
        assert host.wait() == 0

    done = stage.journal.numbers("done")
    assert sorted(done) == [*range(PARTITIONS), *range(10, 10 + PARTITIONS)]
    assert all(done.index(p) < done.index(10 + p) for p in range(PARTITIONS))
