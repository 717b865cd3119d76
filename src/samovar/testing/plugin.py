"""The helpers for pytest, which finds this by itself: the fixture `jobs`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar.job.queue_adapter import QueueAdapter
from samovar.testing.assertions import JobAssertions
from samovar.testing.recording import recorded_jobs


@pytest.fixture
def queue_adapter_for_test() -> QueueAdapter | str | None:
    """Override to give every job class another adapter, by name or as an object."""
    return None


@pytest.fixture
def jobs(queue_adapter_for_test: QueueAdapter | str | None) -> Iterator[JobAssertions]:
    """Records the jobs of the test, and asserts things of them: see samovar.testing."""
    with recorded_jobs(queue_adapter_for_test) as helpers:
        yield helpers
