"""Jobs of these tests are enqueued to a list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar import Job
from samovar.job import current_attributes, transactions
from tests.support.applications import Recording, application


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """The adapter that every job class uses, unless it names its own."""
    adapter = Recording()
    with application(queue_adapter="inline"):
        monkeypatch.setattr(Job, "queue_adapter", adapter)
        yield adapter


@pytest.fixture
def nothing_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """No class of current attributes is persisted, whatever other tests left."""
    monkeypatch.setattr(current_attributes, "persisted", [])


@pytest.fixture
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database library takes part in enqueuing."""
    monkeypatch.setattr(transactions, "watchers", [])
