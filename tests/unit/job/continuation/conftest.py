"""Jobs of these tests are enqueued to a list, and stop when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from samovar import Job
from samovar.job.job_data import EnqueueRequest, Receipt, dumps, loads
from tests.support.applications import Recording, application


class Stoppable(Recording):
    """Every checkpoint asks `stops`; what is enqueued goes through JSON."""

    stops: Callable[[Any], object] = staticmethod(lambda _: False)
    refuses: Exception | None = None

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        if self.refuses is not None:
            raise self.refuses
        return super().enqueue(EnqueueRequest(loads(dumps(request.data)), request.due_ns))

    def stopping(self, job: object = None) -> object:
        return self.stops(job)

    def stop(self, *, always: bool) -> None:
        self.stops = lambda _: always

    def perform_last(self) -> Any:
        return Job.execute(dict(self.requests[-1].data))


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stoppable]:
    stoppable = Stoppable()
    with application(queue_adapter="inline"):
        monkeypatch.setattr(Job, "queue_adapter", stoppable)
        yield stoppable
