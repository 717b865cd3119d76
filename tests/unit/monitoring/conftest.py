"""Log lines of these tests are kept, and forgotten with the test."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.support.log import Log, every_job_logged


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Log]:
    """The log, with lines for every job."""
    with every_job_logged(caplog) as log:
        yield log


@pytest.fixture
def charge() -> SimpleNamespace:
    """A job, as far as log lines look at it."""
    return SimpleNamespace(
        job_name="Charge",
        job_id="id-1",
        queue_name="payments",
        arguments=[42],
        keyword_arguments={},
        executions=1,
        enqueued_at=None,
        due_ns=None,
        successfully_enqueued=True,
        enqueue_error=None,
    )


@pytest.fixture
def adapter() -> SimpleNamespace:
    """An adapter, by its name."""
    return SimpleNamespace(name="kafka")
