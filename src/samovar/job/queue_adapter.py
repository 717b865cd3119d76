"""The port to a backend: it takes a job's data and answers with a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from samovar.job.job_data import EnqueueRequest, Receipt


@runtime_checkable
class QueueAdapter(Protocol):
    """What a backend must offer so that jobs can be enqueued to it. Called from any thread."""

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Take one job.

        Raises:
            EnqueueError: it is refused softly; `perform_later` answers False.
            SchedulingNotSupportedError: it is due later, and this backend cannot wait.
        """
        ...

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Take several, in order, as cheaply as the backend can; a receipt for each."""
        ...

    def stopping(self, job: object = None) -> object:
        """Whether `job` should stop at its next checkpoint, as when the process is ending: True,
        or, as any other true value, the reason.
        """
        ...

    def close(self, timeout: float) -> int:
        """Finish what is outstanding; how many jobs could not be handed over."""
        ...


@runtime_checkable
class CancelsScheduled(Protocol):
    """What an adapter offers beside that if it can take back a job that waits for its time."""

    def cancel_scheduled(self, job_id: str) -> bool:
        """Drop a job that still waits; whether there was one."""
        ...
