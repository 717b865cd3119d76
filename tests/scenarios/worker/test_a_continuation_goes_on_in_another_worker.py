"""M01: TERM lets a job in steps stop at its next checkpoint, and another worker goes on there.

The first half of M02: with a wait of 0 no schedule topic is needed.
"""

from __future__ import annotations

import signal

import pytest

from samovar import Job
from tests.jobs.steps import CoroutineStepsJob, StepsJob
from tests.jobs.waiting_steps import WaitingStepsJob
from tests.support.processes import children
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

#: So many that no worker of these tests could work them all off before it is told to stop.
COUNT = 200


@pytest.mark.parametrize("job_class", [StepsJob, CoroutineStepsJob])
def test_a_continuation_goes_on_in_another_worker(stage: Stage, job_class: type[Job]) -> None:
    stage.configure(imports=["tests.jobs.steps"])
    stage.create(partitions=2)
    stage.put([(0, job_class(7, COUNT))])

    with stage.steady_worker() as worker:
        stop_amid(stage, worker)
    before = len(stage.journal.notes("item"))
    assert before < COUNT
    assert stage.journal.notes("done") == []
    with stage.steady_worker() as successor:
        stage.journal.wait(lambda journal: journal.notes("done"))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0

    assert stage.journal.numbers("item") == list(range(COUNT))
    assert len(stage.journal.notes("run")) == 2
    assert stage.records("default_dead") == []


def test_it_waits_first_if_it_says_so(stage: Stage) -> None:
    """M04: on Kafka it goes through the schedule topic."""
    stage.configure(imports=["tests.jobs.waiting_steps"])
    stage.declare(
        'app.scheduled_messages("scheduled_jobs")\napp.job_topic("default", partitions=2)'
    )
    stage.create(partitions=2)
    stage.put([(0, WaitingStepsJob(7, COUNT))])

    with stage.steady_worker() as worker:
        stop_amid(stage, worker)
    assert len(stage.records("scheduled_jobs")) >= (stage.backend == "kafka")
    with stage.steady_worker() as successor:
        stage.journal.wait(lambda journal: journal.notes("done"))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0

    assert stage.journal.numbers("item") == list(range(COUNT))


def test_the_children_of_a_supervisor_stop_at_checkpoints_too(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.steps"])
    stage.create(partitions=4)
    stage.put([(n, StepsJob(n, COUNT)) for n in range(4)])

    with stage.worker("--processes", "2") as worker:
        stage.journal.wait(lambda journal: len(set(journal.notes("prepared"))) == 4)
        assert stage.journal.pids() <= set(children(worker.pid))
        stop_amid(stage, worker)

    assert stage.journal.notes("done") == []
    rest = [record for record in stage.records() if b'"resumptions":0,' in as_text(record.value)]
    assert len(rest) == 8, "Each job was enqueued again."
    assert len(stage.journal.notes("run")) == 4


def stop_amid(stage: Stage, worker: WorkerProcess) -> None:
    """Let the worker stop while items are worked off, long before it would be forced."""
    stage.journal.wait(lambda journal: len(journal.notes("item")) >= 5)
    worker.signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0


def as_text(value: bytes | None) -> bytes:
    assert value is not None
    return value.replace(b"}", b",}")
