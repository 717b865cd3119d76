"""Turns a job into the request that a ledger enqueues together with its tick."""

from __future__ import annotations

from collections.abc import Sequence

from samovar.job import enqueuing
from samovar.job.job import Job
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt


def requests_of(job: Job, adapter_name: str) -> list[EnqueueRequest]:
    """The requests of a job; its callbacks run and its events are announced, as if the adapter of
    that name enqueued it. A job whose class has an adapter of its own is enqueued there at once,
    and leaves no request.
    """
    if type(job).queue_adapter is not None:
        enqueuing.enqueue(job)
        return []
    collector = _Collector(adapter_name)
    enqueuing.enqueue_through(job, collector)
    return collector.requests


class _Collector:
    """A queue adapter that only keeps what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: list[EnqueueRequest] = []

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        self.requests.append(request)
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        self.requests += requests
        return [TAKEN] * len(requests)

    def stopping(self, job: object = None) -> object:
        return False

    def close(self, timeout: float) -> int:
        return 0
