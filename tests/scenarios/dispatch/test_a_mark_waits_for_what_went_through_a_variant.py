"""A job that enqueued through a variant is not marked before that is delivered."""

from __future__ import annotations

import time

import pytest

from tests.jobs.dispatched import RelayingJob
from tests.support.stage import Stage

#: Longer than a commit takes, and shorter than the variant keeps what it is given.
WATCHED_SECONDS = 3.0


@pytest.mark.timeout(120)
def test_what_a_job_enqueued_through_a_variant_outlives_a_killed_worker(
    kafka_stage: Stage,
) -> None:
    kafka_stage.notice_the_dead()
    kafka_stage.create(partitions=1)
    kafka_stage.put([(0, RelayingJob(1))])
    with kafka_stage.worker() as worker:
        kafka_stage.journal.wait_for("done", "relay 1")
        until = time.monotonic() + WATCHED_SECONDS
        while time.monotonic() < until:
            assert not any(kafka_stage.committed().values())
        worker.kill()

    with kafka_stage.worker():
        kafka_stage.journal.wait_for("done", "sent 1")

    assert kafka_stage.journal.notes("start").count("relay 1") == 2
