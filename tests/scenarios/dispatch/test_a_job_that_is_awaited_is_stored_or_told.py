"""With produce_sync, `perform_later` returns when the log has the job, and raises when not."""

from __future__ import annotations

import time

import pytest

from samovar import DeliveryUnknownError, perform_all_later
from samovar.broker.kafka import producer as kafka_producer
from tests.jobs.dispatched import AwaitedJob, KeyedJob, NotedJob
from tests.support.stage import Stage


def test_what_is_awaited_is_stored_when_it_returns(stage: Stage) -> None:
    """A02."""
    stage.create(partitions=1)
    stage.app  # noqa: B018 -- jobs need an application

    AwaitedJob.perform_later("a", 1)

    assert len(stage.records()) == 1


def test_a_bulk_of_two_methods_is_delivered_whole_and_each_in_order(stage: Stage) -> None:
    """A03."""
    stage.create(partitions=1)
    stage.app  # noqa: B018
    jobs = [(AwaitedJob if number % 2 else NotedJob)("a", number) for number in range(20)]

    perform_all_later(jobs)
    stage.app.close()

    assert all(job.successfully_enqueued for job in jobs)
    numbers = [
        int((record.value or b"").split(b'["a",')[1].split(b"]")[0]) for record in stage.records()
    ]
    assert sorted(numbers) == list(range(20))
    assert [number for number in numbers if number % 2] == list(range(1, 20, 2))
    assert [number for number in numbers if not number % 2] == list(range(0, 20, 2))


@pytest.mark.timeout(60)
def test_a_broker_that_is_away_raises_and_says_that_the_outcome_is_not_known(
    kafka_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A02."""
    monkeypatch.setattr(kafka_producer, "SYNC_MARGIN_SECONDS", 1.0)
    kafka_stage.configure(
        "kafka", bootstrap_servers="127.0.0.1:1", settings={"message.timeout.ms": 500}
    )
    kafka_stage.app  # noqa: B018

    with pytest.raises(DeliveryUnknownError, match="It may be stored all the same"):
        AwaitedJob.perform_later("a", 1)

    started = time.monotonic()
    NotedJob.perform_later("a", 2)
    assert time.monotonic() - started < 0.5
    (job,) = AwaitedJob.perform_bulk([("a", 3)])
    assert not job.successfully_enqueued
    assert "may be enqueued or not" in str(job.enqueue_error)
    KeyedJob.perform_later("a", 4)
    assert kafka_stage.app.close(timeout=2) == 0
