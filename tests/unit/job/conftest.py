"""Jobs of these tests are enqueued to a list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar import Job
from tests.support.applications import Recording, application


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """The adapter that every job class uses, unless it names its own."""
    adapter = Recording()
    with application(queue_adapter="inline"):
        monkeypatch.setattr(Job, "queue_adapter", adapter)
        yield adapter
