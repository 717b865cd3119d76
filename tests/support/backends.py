"""Queue adapters that answer as a test wants them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from samovar import EnqueueError
from samovar.job.job_data import EnqueueRequest, Receipt
from tests.support.applications import Recording


class Choosy(Recording):
    """Refuses the jobs that `refuses` says yes to, given their payload."""

    name = "choosy"

    def __init__(self, refuses: Callable[[dict[str, Any]], object] = lambda data: True) -> None:
        super().__init__()
        self.refuses = refuses

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        if self.refuses(request.data):
            raise EnqueueError("the backend is full")
        return super().enqueue(request)

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        self.bulk_calls += 1
        return [self._softly(request) for request in requests]

    def _softly(self, request: EnqueueRequest) -> Receipt:
        try:
            return self.enqueue(request)
        except EnqueueError as refusal:
            return Receipt(refusal=refusal)


class Broken(Recording):
    """Fails with an error that is no refusal."""

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        raise ConnectionError("the backend is away")

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        raise ConnectionError("the backend is away")
