"""With another ordering than "partition", jobs of one partition run side by side (C01, G03)."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from samovar.broker.port import TopicPartition
from samovar.engine.partitions.commit_metadata import CommitMetadata
from tests.jobs.sample import FailingJob, GateJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage


def declare(stage: Stage, ordering: str) -> None:
    stage.declare(
        f"app.job_topic('default', ordering={ordering!r}, pause=Pause(timeout=0.2, max_timeout=1))"
    )
    stage.create(partitions=1)


def open_gate(stage: Stage, number: int) -> None:
    (stage.directory / f"gate-{number}").touch()


def test_as_many_jobs_of_one_partition_run_as_there_are_threads(stage: Stage) -> None:
    stage.configure("worker", concurrency=5)
    declare(stage, "none")
    stage.put((0, GateJob(n)) for n in range(6))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.notes("start")) == 5)
        for n in range(6):
            open_gate(stage, n)
        stage.journal.wait_for("done", *range(6))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.committed() == {TopicPartition(stage.topic(), 0): 6}


def test_a_failing_job_holds_up_its_own_key_only(stage: Stage) -> None:
    stage.configure("worker", concurrency=2)
    declare(stage, "key")
    behind = [(0, "a", JournalJob(n)) for n in range(1, 4)]
    beside = [(0, "b", JournalJob(n)) for n in range(10, 30)]
    stage.put_keyed([(0, "a", FailingJob(0)), *behind, *beside])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(10, 30))
        stage.journal.wait(lambda journal: journal.numbers("start").count(0) >= 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.numbers("done") == list(range(10, 30))
    assert stage.committed().get(TopicPartition(stage.topic(), 0), 0) == 0


@pytest.mark.parametrize("ordering", ["key", "none"])
def test_what_was_done_beyond_a_running_job_is_not_repeated_after_a_kill(
    stage: Stage, ordering: str
) -> None:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=3, commit_interval=0.2)
    declare(stage, ordering)
    stage.put_keyed([(0, 0, GateJob(0)), *((0, n, JournalJob(n)) for n in range(1, 500))])
    source = TopicPartition(stage.topic(), 0)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(1, 500))

        def is_committed() -> bool:
            commit = stage.admin.commits(stage.settings.kafka.group, stage.topic()).get(source)
            return commit is not None and CommitMetadata.decode(commit.metadata).finished == (
                (1, 499),
            )

        eventually(is_committed, within=20, what="what is done beyond job 0 is committed")
        worker.signal(signal.SIGKILL)
        worker.wait()
    open_gate(stage, 0)
    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 0)
        stage.put_keyed([(0, 500, JournalJob(500))])
        stage.journal.wait_for("done", 500)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    starts = Counter(stage.journal.numbers("start"))
    assert starts.pop(0) == 2
    assert starts == dict.fromkeys(range(1, 501), 1)
    assert stage.committed() == {source: 501}
