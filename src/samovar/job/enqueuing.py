"""From a job to its backend: serialize, hand over, note the answer on the job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from samovar import events
from samovar.errors import ArgumentError, EnqueueError
from samovar.job import runtime
from samovar.job.job_data import EnqueueRequest, Receipt
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.state import JobState
from samovar.support import clock

_NANOSECONDS = 1_000_000_000


def apply_options(
    job: JobState,
    *,
    wait: float | timedelta | None = None,
    wait_until: datetime | None = None,
    queue: str | None = None,
    priority: int | None = None,
) -> None:
    """Set what `set(...)` and its kin may say; None changes nothing; `wait_until` beats `wait`.

    Raises:
        ArgumentError: a value is of no use.
    """
    if wait is not None:
        job.due_ns = clock.now_ns() + _wait_ns(wait)
    if wait_until is not None:
        job.scheduled_at = _aware(wait_until)
    if queue is not None:
        job.queue_name = runtime.current().job_settings.real_queue(queue)
    if priority is not None:
        job.priority = int(priority)


def enqueue(job: JobState) -> bool:
    """Hand a job to its adapter; False when it was refused softly (see `job.enqueue_error`)."""
    adapter = runtime.adapter_for(type(job).queue_adapter)
    job.successfully_enqueued = False
    job.enqueue_error = None
    name = "enqueue.active_job" if job.due_ns is None else "enqueue_at.active_job"
    if name in events.heard:
        with events.instrument(name, job=job, adapter=adapter):
            _hand_over(job, adapter)
    else:
        _hand_over(job, adapter)
    return job.successfully_enqueued


def enqueue_all(jobs: Sequence[JobState]) -> None:
    """Hand several jobs over, one bulk call per adapter; each job tells what became of it."""
    groups: dict[int, tuple[QueueAdapter, list[JobState]]] = {}
    for job in jobs:
        adapter = runtime.adapter_for(type(job).queue_adapter)
        groups.setdefault(id(adapter), (adapter, []))[1].append(job)
    for adapter, group in groups.values():
        _hand_over_all(group, adapter)


def _hand_over(job: JobState, adapter: QueueAdapter) -> None:
    try:
        receipt = adapter.enqueue(EnqueueRequest(job.serialize(), job.due_ns))
    except EnqueueError as refusal:
        job.enqueue_error = refusal
    else:
        _note(job, receipt)


def _hand_over_all(jobs: Sequence[JobState], adapter: QueueAdapter) -> None:
    requests: list[EnqueueRequest] = []
    for job in jobs:
        job.successfully_enqueued = False
        job.enqueue_error = None
        requests.append(EnqueueRequest(job.serialize(), job.due_ns))
    with events.instrument(
        "enqueue_all.active_job", jobs=jobs, adapter=adapter, enqueued_count=0
    ) as payload:
        for job, receipt in zip(jobs, adapter.enqueue_all(requests), strict=True):
            _note(job, receipt)
        payload["enqueued_count"] = sum(1 for job in jobs if job.successfully_enqueued)


def _note(job: JobState, receipt: Receipt) -> None:
    if receipt.refusal is not None:
        job.enqueue_error = receipt.refusal
        return
    job.successfully_enqueued = True
    if receipt.provider_job_id is not None:
        job.provider_job_id = receipt.provider_job_id


def _wait_ns(wait: Any) -> int:
    if isinstance(wait, timedelta):
        return (wait // timedelta(microseconds=1)) * 1_000
    if isinstance(wait, int | float) and not isinstance(wait, bool):
        return int(wait * _NANOSECONDS)
    raise ArgumentError(f"wait is {wait!r}; expected seconds or a timedelta.")


def _aware(moment: Any) -> datetime:
    if not isinstance(moment, datetime):
        raise ArgumentError(f"wait_until is {moment!r}; expected an aware datetime.")
    if moment.tzinfo is None:
        raise ArgumentError(
            f"wait_until is {moment!r}, which has no time zone; pass an aware datetime, "
            f"such as datetime.now(UTC) + timedelta(hours=1)."
        )
    return moment
