"""Partitions move long before the next commit is due: what was done is committed (E06)."""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

PARTITIONS = 4
JOBS = 40


def test_positions_are_committed_when_partitions_move(stage: Stage) -> None:
    stage.configure("worker", commit_interval=3600)
    stage.create(partitions=PARTITIONS)
    stage.put((n % PARTITIONS, JournalJob(n)) for n in range(JOBS))

    with stage.steady_worker() as first:
        stage.journal.wait_for("done", *range(JOBS))
        with stage.steady_worker() as second:
            first.wait_for_output("Partitions left")
            eventually(stage.committed, what="the partitions that left are committed")
            stage.put((n % PARTITIONS, JournalJob(n)) for n in range(JOBS, 2 * JOBS))
            stage.journal.wait_for("done", *range(2 * JOBS))
            assert stage.journal.pids() == {first.pid, second.pid}
            for worker in (first, second):
                worker.signal(signal.SIGTERM)
                assert worker.wait() == 0

    assert sorted(stage.journal.numbers("start")) == list(range(2 * JOBS))
    assert set(stage.committed().values()) == {2 * JOBS // PARTITIONS}
