"""`long_running`: while a job takes its time its partition is paused, and all else goes on as ever.

H01, H03, H04 and H06; H05 is with the partitions that come back.
"""

from __future__ import annotations

import signal
import time

import pytest

from tests.jobs.sample import GateJob, HealingJob, JournalJob
from tests.support.stage import NOTICES_THE_DEAD, Stage

POLL_INTERVAL_SECONDS = 4.0
LONG = "app.job_topic('default', long_running=True, pause=Pause(timeout=0.05, max_timeout=0.1))"


@pytest.mark.timeout(180)
def test_a_job_of_three_poll_intervals_runs_once(kafka_stage: Stage) -> None:
    settings = {**NOTICES_THE_DEAD, "max.poll.interval.ms": int(POLL_INTERVAL_SECONDS * 1000)}
    kafka_stage.configure("kafka", settings=settings)
    kafka_stage.declare(f"{LONG}\napp.job_topic('regular')")
    for queue in ("default", "regular"):
        kafka_stage.create(queue, partitions=2)
    behind, beside, regular = range(1, 1500), range(10_000, 10_030), range(20_000, 20_030)
    kafka_stage.put([(0, GateJob(0)), *((0, JournalJob(n)) for n in behind)])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("start", 0)
        until = time.monotonic() + 3 * POLL_INTERVAL_SECONDS
        for left, (one, other) in enumerate(zip(beside, regular, strict=True), -len(beside)):
            kafka_stage.put([(1, JournalJob(one))])
            kafka_stage.put([(1, JournalJob(other))], "regular")
            kafka_stage.journal.wait_for("done", one, other)
            # How long the job lasts is the point here.
            time.sleep(max(0.0, (until - time.monotonic()) / -left))
        kafka_stage.open_gate(0)
        kafka_stage.journal.wait_for("done", *behind)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
        before_the_end = worker.output.partition("The worker is stopping")[0]

    assert "Partitions left" not in before_the_end
    assert "taken away" not in before_the_end
    started = kafka_stage.journal.numbers("start")
    assert sorted(started) == [0, *behind, *beside, *regular]
    assert [n for n in started if n < 10_000] == [0, *behind]


def test_a_long_job_that_fails_is_tried_again_in_its_place(stage: Stage) -> None:
    stage.declare(LONG)
    stage.create(partitions=1)
    stage.put([(0, JournalJob(0)), (0, HealingJob(1)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: journal.numbers("start").count(1) >= 3)
        stage.open_gate(1)
        stage.journal.wait_for("done", 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.numbers("done") == [0, 1, 2]
    assert stage.journal.numbers("start").count(0) == 1


def test_a_stop_waits_for_the_long_job_and_leaves_the_rest(stage: Stage) -> None:
    stage.declare(LONG)
    stage.create(partitions=1)
    stage.put([(0, GateJob(0)), *((0, JournalJob(n)) for n in range(1, 20))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 0)
        # By now it is a long one, and its partition is paused.
        time.sleep(2)
        worker.signal(signal.SIGTERM)
        worker.wait_for_output("The worker is stopping")
        stage.open_gate(0)
        assert worker.wait() == 0
    assert stage.journal.numbers("start") == [0]
    assert list(stage.committed().values()) == [1]

    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", *range(20))
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == list(range(20))
