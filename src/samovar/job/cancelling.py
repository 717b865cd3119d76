"""Taking back a job that waits for its time."""

from __future__ import annotations

from samovar.errors import ArgumentError, SchedulingNotSupportedError
from samovar.job import runtime
from samovar.job.queue_adapter import CancelsScheduled, QueueAdapter


def cancel_scheduled(job_id: str, *, queue_adapter: str | QueueAdapter | None = None) -> bool:
    """Drop a job that waits for its time (`set(wait=...)`, `retry_on(wait=...)`), by its id.

    True if it was still waiting: it will not be performed. False if it has come already, or never
    waited. `queue_adapter` is needed only for classes that chose one of their own.

    Raises:
        SchedulingNotSupportedError: the adapter cannot take back jobs.
        BrokerError: the log could not be asked.
    """
    if not isinstance(job_id, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
        raise ArgumentError(f"cancel_scheduled takes a job's id, a string; found {job_id!r:.80}.")
    adapter = runtime.adapter_for(queue_adapter)
    if isinstance(adapter, CancelsScheduled):
        return adapter.cancel_scheduled(job_id)
    raise SchedulingNotSupportedError(
        f"{type(adapter).__name__} cannot take back jobs that wait for their time."
    )
