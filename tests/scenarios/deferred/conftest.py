"""Deferred jobs: on the embedded log with nothing configured for them, on Kafka with a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.stage import Stage, kafka_stage

__all__ = ["kafka_stage"]


@pytest.fixture
def embedded_stage(tmp_path: Path, unique: Callable[[str], str]) -> Iterator[Stage]:
    """A stage on the embedded log, whose workers know the deferred jobs."""
    stage = Stage("embedded", directory=tmp_path, prefix=unique("s"))
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.deferred"])
    yield stage
    stage.close()


@pytest.fixture
def schedule_stage(kafka_stage: Stage) -> Stage:
    """A stage on Kafka with a schedule topic, whose workers know the deferred jobs."""
    stage = kafka_stage
    stage.notice_the_dead()
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.deferred"])
    stage.declare('app.scheduled_messages("scheduled_jobs")')
    stage.app.scheduled_messages("scheduled_jobs")
    return stage


@pytest.fixture(params=["embedded_stage", "schedule_stage"])
def log_stage(request: pytest.FixtureRequest) -> Stage:
    """Each of them."""
    return request.getfixturevalue(request.param)
