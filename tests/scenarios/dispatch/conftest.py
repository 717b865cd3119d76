"""Every scenario of dispatching plays on a stage whose workers know the jobs of this theme."""

from __future__ import annotations

import pytest

from tests.support.stage import Stage, kafka_stage, stage

__all__ = ["kafka_stage", "stage"]


@pytest.fixture(autouse=True)
def imports(request: pytest.FixtureRequest) -> None:
    """Let the stage's processes import `tests.jobs.dispatched`."""
    name = "kafka_stage" if "kafka_stage" in request.fixturenames else "stage"
    the_stage: Stage = request.getfixturevalue(name)
    the_stage.configure(imports=["tests.jobs.dispatched", "tests.jobs.sample"])
