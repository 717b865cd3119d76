"""A worker is killed again and again while all its executors are busy: the job that waits for one
has not begun, and so no death is counted against it.
"""

from __future__ import annotations

import signal

import pytest

from samovar.broker.port import TopicPartition
from tests.jobs.sample import GateJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
app.job_topic("busy", ordering="none")
app.job_topic("waiting")
"""
EXECUTORS = 2
LIVES = 5


@pytest.mark.timeout(180)
def test_a_job_that_is_not_begun_is_not_blamed(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=EXECUTORS)
    stage.declare(ROUTES)
    for queue in ("busy", "waiting"):
        stage.create(queue, partitions=1)
    stage.put([(0, JournalJob(1))], "waiting")
    source = TopicPartition(stage.topic("waiting"), 0)
    gates = range(100, 100 + EXECUTORS)

    for life in range(LIVES):
        with stage.steady_worker() as worker:
            if life == 0:
                eventually(lambda: stage.committed("waiting") == {source: 1}, what="it is noted")
                stage.put(((0, GateJob(n)) for n in gates), "busy")
            busy = 1 + (life + 1) * EXECUTORS
            stage.journal.wait(lambda journal, n=busy: len(journal.numbers("start")) >= n)
            if life == 0:
                stage.put([(0, JournalJob(2))], "waiting")
            if life < LIVES - 1:
                worker.wait_for_output("Partitions came")
                worker.kill()
                continue
            for number in gates:
                stage.open_gate(number)
            stage.journal.wait_for("done", 2, *gates)
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    assert stage.records("waiting_dead") == []
    assert stage.journal.numbers("start").count(2) == 1
