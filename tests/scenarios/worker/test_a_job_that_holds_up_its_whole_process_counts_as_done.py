"""A C call holds the interpreter's lock, so that no thread of the process can poll, and Kafka gives
the partition away; or the whole process stands still. It comes back and knows what it has done.
"""

from __future__ import annotations

import signal
import time

import pytest

from tests.jobs.sample import GateJob, HoldingJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import NOTICES_THE_DEAD, Stage

TAKEN, CAME = "Partitions were taken away: ", "Partitions came: "


@pytest.mark.timeout(120)
def test_a_job_that_holds_up_its_whole_process_counts_as_done(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", settings={**NOTICES_THE_DEAD, "max.poll.interval.ms": 4000})
    kafka_stage.create(partitions=1)
    kafka_stage.put([(0, HoldingJob(1, 7)), (0, JournalJob(2))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert TAKEN in worker.output
    assert kafka_stage.journal.numbers("start") == [1, 2]
    assert kafka_stage.records("default_dead") == []


@pytest.mark.timeout(120)
def test_a_process_that_stood_still_does_not_begin_its_job_again(kafka_stage: Stage) -> None:
    kafka_stage.notice_the_dead()
    kafka_stage.create(partitions=1)
    kafka_stage.put([(0, GateJob(1)), (0, JournalJob(2))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("start", 1)
        worker.signal(signal.SIGSTOP)
        awake = time.monotonic() + 1.5 * NOTICES_THE_DEAD["session.timeout.ms"] / 1000
        eventually(lambda: time.monotonic() > awake, what="Kafka has missed it")
        worker.signal(signal.SIGCONT)
        worker.wait_for_output(TAKEN)
        eventually(lambda: CAME in worker.output.rpartition(TAKEN)[2], within=60)
        kafka_stage.open_gate(1)
        kafka_stage.journal.wait_for("done", 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert kafka_stage.journal.numbers("start") == [1, 2]
