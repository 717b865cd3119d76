"""`expire_in`: what is too old is passed over, also while it backs off; no dead letter (I03)."""

from __future__ import annotations

import signal
import time

from tests.jobs.sample import FailingJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

EXPIRY_SECONDS = 3.0
OLD = range(5)


def test_a_job_that_is_too_old_is_dropped(stage: Stage) -> None:
    stage.declare(
        f"app.job_topic('default', expire_in={EXPIRY_SECONDS},"
        " pause=Pause(timeout=0.1, max_timeout=0.2),"
        " dead_letter_queue=DeadLetterQueue('default_dead', max_retries=1000))"
    )
    stage.create(partitions=1)
    stage.put((0, JournalJob(n)) for n in OLD)
    made = stage.records()[-1].timestamp / 1000
    eventually(lambda: time.time() > made + EXPIRY_SECONDS + 0.1, what="the jobs are too old")

    with stage.steady_worker() as worker:
        enqueued = stage.put_until(
            lambda journal: journal.notes("done"), first=OLD.stop, partitions=1
        )
        # It fails until it is too old.
        failing = enqueued
        stage.put([(0, FailingJob(failing))])
        stage.put_until(
            lambda journal: max(journal.numbers("done")) > failing, first=failing + 1, partitions=1
        )
        worker.wait_for_output(f"older than {EXPIRY_SECONDS:g} s")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    started = stage.journal.numbers("start")
    assert not set(OLD) & set(started)
    assert started == sorted(started)
    assert started.count(failing) > 1
    assert stage.records("default_dead") == []
