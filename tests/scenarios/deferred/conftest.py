"""Deferred jobs play on the embedded log, with nothing configured for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.stage import Stage, kafka_stage

__all__ = ["kafka_stage"]


@pytest.fixture
def log_stage(tmp_path: Path, unique: Callable[[str], str]) -> Iterator[Stage]:
    """A stage on the embedded log, whose workers know the deferred jobs."""
    stage = Stage("embedded", directory=tmp_path, prefix=unique("s"))
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.deferred"])
    yield stage
    stage.close()
