"""E12: a group that has committed nothing begins at the start, or at the end; others go on."""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage


def test_a_new_group_begins_where_its_route_says(stage: Stage) -> None:
    stage.create(partitions=1)
    stage.put([(0, JournalJob(1))])
    stage.declare("app.job_topic('default', initial_offset='latest')")

    with stage.steady_worker() as worker:
        # Where the end is may be asked only after the worker has started.
        number = stage.put_until(lambda journal: journal.notes("done"), first=2, partitions=1)
        stage.journal.wait_for("done", number - 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert 1 not in stage.journal.numbers("done")

    stage.put([(0, JournalJob(number))])
    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", number)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_a_group_begins_at_the_start_unless_told(stage: Stage) -> None:
    stage.create(partitions=1)
    stage.put([(0, JournalJob(1))])
    stage.declare("app.job_topic('default')")

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
