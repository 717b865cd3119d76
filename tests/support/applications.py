"""An application for one test, gone when the test ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from samovar import App
from samovar.job import runtime
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps


@contextmanager
def application(**overrides: Any) -> Generator[App, None, None]:
    """An `App` that is forgotten, and closed, when the block ends."""
    app = App(**overrides)
    try:
        yield app
    finally:
        app.close(timeout=5)
        runtime.install(None)


class Recording:
    """A queue adapter that keeps what it was given, and encodes it as a backend would."""

    def __init__(self) -> None:
        self.requests: list[EnqueueRequest] = []
        self.bulk_calls = 0

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        dumps(request.data)
        self.requests.append(request)
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        self.bulk_calls += 1
        return [self.enqueue(request) for request in requests]

    def stopping(self, job: object = None) -> object:
        return False

    def close(self, timeout: float) -> int:
        return 0
