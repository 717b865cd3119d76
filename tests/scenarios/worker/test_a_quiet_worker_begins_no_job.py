"""TSTP: the running job ends and no other begins, though the partitions stay; TERM ends it.

F04.
"""

from __future__ import annotations

import signal

from tests.jobs.sample import GateJob, JournalJob
from tests.support import journal
from tests.support.eventually import eventually
from tests.support.journal import Journal
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess


def test_a_quiet_worker_begins_no_job(stage: Stage) -> None:
    stage.create(partitions=4)
    stage.put([(0, GateJob(0)), (0, JournalJob(1))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 0)
        worker.signal(signal.SIGTSTP)
        worker.wait_for_output("The worker takes no new jobs")
        stage.put((n % 4, JournalJob(n)) for n in range(2, 42))
        stage.open_gate(0)
        stage.journal.wait_for("done", 0)
        wait_until_another_group_performed(stage, 42)
        assert answers(worker)
        assert stage.journal.numbers("start") == [0]
        assert "Partitions left" not in worker.output
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", *range(42))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert sorted(stage.journal.numbers("start")) == list(range(42))


def wait_until_another_group_performed(stage: Stage, jobs: int) -> None:
    """For so long the quiet worker has had every reason to begin something. Job 0 is marked: a log
    that drops what is marked has nothing of it for a group that comes later.
    """
    elsewhere = Journal(stage.directory / "elsewhere.txt")
    env = {
        journal.VARIABLE: str(elsewhere.path),
        "SAMOVAR_KAFKA__GROUP_ID": f"{stage.prefix}-other",
    }
    with stage.worker(env=env) as other:
        elsewhere.wait_for("done", *range(1, jobs))
        other.signal(signal.SIGTERM)
        assert other.wait() == 0


def answers(worker: WorkerProcess) -> bool:
    worker.signal(signal.SIGTTIN)
    return eventually(lambda: ": MainThread" in worker.output, what="stacks are printed")
