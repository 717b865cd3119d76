"""The first job of a queue creates its topic, with the partitions that the route declares."""

from __future__ import annotations

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage


def test_a_missing_queue_is_created_at_enqueue(stage: Stage) -> None:
    stage.app.job_topic("declared", partitions=3)

    JournalJob.perform_later(1)
    JournalJob.set(queue="declared").perform_later(2)

    assert stage.app.close(30.0) == 0
    topics = stage.admin.topics()
    assert topics[stage.topic("default")] == 8
    assert topics[stage.topic("declared")] == 3
    assert len(stage.records("default")) == len(stage.records("declared")) == 1
