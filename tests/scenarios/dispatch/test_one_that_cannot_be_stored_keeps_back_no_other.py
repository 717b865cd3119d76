"""A bulk does not fail for one of its jobs or messages: the others are stored."""

from __future__ import annotations

from typing import Any

import pytest

import samovar
from samovar import Job, ProduceManyError, kafka_options
from samovar.broker.port import TopicSpec
from tests.support.stage import Stage


class LooseJob(Job):
    queue_as = "mail"

    def perform(self, text: str) -> None: ...


@kafka_options(dispatch_many_method="produce_many_sync")
class BulkAwaitedJob(LooseJob): ...


@pytest.mark.parametrize("cls", [LooseJob, BulkAwaitedJob])
def test_a_job_too_large_is_refused_by_itself(kafka_stage: Stage, cls: type[LooseJob]) -> None:
    kafka_stage.create("mail", partitions=1)
    jobs = [cls(text) for text in ("a", "x" * 2_000_000, "b")]
    kafka_stage.app  # noqa: B018 -- jobs need an application

    samovar.perform_all_later(jobs)

    assert [job.successfully_enqueued for job in jobs] == [True, False, True]
    assert "too large" in str(jobs[1].enqueue_error)
    assert kafka_stage.app.flush() == 0
    assert len(kafka_stage.records("mail")) == 2


def test_a_message_without_the_key_that_its_topic_wants_is_refused_by_itself(
    kafka_stage: Stage,
) -> None:
    topic = kafka_stage.topic("states")
    compacted = {"cleanup.policy": "compact"}
    kafka_stage.admin.create_topics([TopicSpec(name=topic, partitions=1, config=compacted)])
    messages: list[Any] = [
        {"topic": "states", "payload": str(n), "key": None if n == 3 else str(n)} for n in range(6)
    ]

    with pytest.raises(ProduceManyError) as failed:
        kafka_stage.app.producer.produce_many_sync(messages)

    assert list(failed.value.errors) == [3]
    stored = sorted(record.value or b"" for record in kafka_stage.records("states"))
    assert stored == [b"0", b"1", b"2", b"4", b"5"]
