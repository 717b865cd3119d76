"""A job longer than `max.poll.interval.ms` runs once, and other partitions go on meanwhile.

H01 of a topic that is not said to be long-running.
"""

from __future__ import annotations

import signal
import time

from tests.jobs.sample import GateJob, JournalJob
from tests.support.stage import NOTICES_THE_DEAD, Stage

POLL_INTERVAL_SECONDS = 6.0


def test_a_job_may_outlast_the_poll_interval(kafka_stage: Stage) -> None:
    settings = {**NOTICES_THE_DEAD, "max.poll.interval.ms": int(POLL_INTERVAL_SECONDS * 1000)}
    kafka_stage.configure("kafka", settings=settings)
    kafka_stage.create(partitions=4)
    # Enough behind the long job to fill its partition's share of memory.
    behind, beside = range(1, 3000), range(10_000, 10_060)
    kafka_stage.put([(0, GateJob(0)), *((0, JournalJob(n)) for n in behind)])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("start", 0)
        until = time.monotonic() + POLL_INTERVAL_SECONDS + 3
        for number in beside:
            kafka_stage.put([(number % 3 + 1, JournalJob(number))])
            kafka_stage.journal.wait_for("done", number)
            # How long the job lasts is the point here.
            time.sleep(max(0.0, (until - time.monotonic()) / (beside.stop - number)))
        assert time.monotonic() >= until - 0.1
        kafka_stage.open_gate(0)
        kafka_stage.journal.wait_for("done", 0, *behind)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
        before_the_end = worker.output.partition("The worker is stopping")[0]

    assert "Partitions left" not in before_the_end
    assert "taken away" not in before_the_end
    started = kafka_stage.journal.numbers("start")
    assert sorted(started) == sorted([0, *behind, *beside])
    assert [n for n in started if n < 10_000] == [0, *behind]
