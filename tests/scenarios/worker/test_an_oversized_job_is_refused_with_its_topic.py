"""A payload beyond `message.max.bytes` is an error at `perform_later`, which names the topic."""

from __future__ import annotations

import pytest

from samovar import BrokerError, Job
from tests.support.stage import Stage


class HeavyJob(Job):
    def perform(self, load: str) -> None:
        raise AssertionError("it never gets here")


def test_an_oversized_job_is_refused_with_its_topic(kafka_stage: Stage) -> None:
    assert kafka_stage.app.settings.queue_adapter == "kafka"

    with pytest.raises(BrokerError, match=kafka_stage.topic()):
        HeavyJob.perform_later("x" * 2_000_000)

    assert kafka_stage.app.close(30.0) == 0
    assert kafka_stage.records() == []
