"""`assign=[0, 2]`: these partitions are read, by every worker that says so, and no others."""

from __future__ import annotations

import signal

import samovar
from samovar.broker.port import NewRecord
from tests.jobs.sample import JournalJob
from tests.support.stage import Stage


def test_only_the_assigned_partitions_are_read(stage: Stage) -> None:
    stage.declare("app.job_topic('default', partitions=3, assign=[0, 2])")
    stage.create(partitions=3)
    stage.put((n, JournalJob(n)) for n in range(3))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 0, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert sorted(stage.journal.numbers("done")) == [0, 2]
    assert {p.partition: n for p, n in stage.committed().items() if n} == {0: 1, 2: 1}

    with stage.steady_worker() as worker:
        stage.put([(2, JournalJob(3))])
        stage.journal.wait_for("done", 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert sorted(stage.journal.numbers("done")) == [0, 2, 3]


def test_all_partitions_are_read_also_later_ones(stage: Stage) -> None:
    stage.declare("app.job_topic('default', partitions=2, assign=True)")
    stage.create(partitions=2)
    stage.put((n, JournalJob(n)) for n in range(2))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 0, 1)
        stage.admin.add_partitions(stage.topic(), 3)
        record = NewRecord(
            stage.topic(), samovar.payload.dumps(JournalJob(2).serialize()), partition=2
        )
        # Not the stage's: it has seen the topic with two partitions.
        producer = stage.broker.producer()
        producer.produce_sync([record])
        assert producer.close(10) == 0
        stage.journal.wait_for("done", 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_several_processes_cannot_read_the_same_partitions(stage: Stage) -> None:
    stage.declare("app.job_topic('default', assign=True)")

    with stage.worker("--processes", "2") as worker:
        assert worker.wait() == 1

    assert "assign cannot stand with worker.processes = 2" in worker.output
