"""From a job to its backend: callbacks, serialize, hand over, store the answer on the job."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from samovar import events
from samovar.errors import ArgumentError, EnqueueError
from samovar.job import call_checks, callbacks, carrying, runtime, transactions
from samovar.job.context import CURRENT_JOB
from samovar.job.job_data import NO_HINTS, EnqueueRequest, Receipt
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.settings import check_queue
from samovar.job.state import JobState
from samovar.support import asyncs, clock
from samovar.support.asyncs import HERE

_NANOSECONDS = 1_000_000_000
_FIRST_NS = clock.to_ns(datetime.min.replace(tzinfo=UTC))
_LAST_NS = clock.to_ns(datetime.max.replace(tzinfo=UTC))


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
        job.due_ns = _expressible(clock.now_ns() + _wait_ns(wait), "wait", wait)
    if wait_until is not None:
        job.due_ns = _expressible(_epoch_ns(_aware(wait_until)), "wait_until", wait_until)
    if queue is not None:
        job.queue_name = job.real_queue(check_queue(queue, "queue"))
    if priority is not None:
        job.priority = _whole_number(priority)


def enqueue(job: JobState, *, at_once: bool = False) -> bool:
    """Hand a job to its adapter; False when it was refused softly (see `job.enqueue_error`), or
    halted by a callback. A job that waits for a commit counts as enqueued until then; `at_once`
    waits for none.
    """
    if (
        transactions.watchers
        and not at_once
        and _waits_for_commit(job)
        and transactions.after_commit(_as_it_is(job))
    ):
        job.successfully_enqueued = True
        return True
    return _enqueue(job)


def enqueue_all(jobs: Sequence[JobState]) -> None:
    """Hand several jobs over, one bulk call per adapter; each job holds its own result."""
    _enqueue_all(_without_waiting(jobs) if transactions.watchers else jobs)


def _without_waiting(jobs: Sequence[JobState]) -> Sequence[JobState]:
    """Keep those that wait for an open transaction until it commits; the rest."""
    waiting = [job for job in jobs if _waits_for_commit(job)]
    if not waiting or not transactions.after_commit(lambda: _enqueue_all(waiting)):
        return jobs
    for job in waiting:
        job.successfully_enqueued = True
    return [job for job in jobs if not _waits_for_commit(job)]


def _as_it_is(job: JobState) -> Callable[[], object]:
    """Enqueue it to where it is going now: a job that is retried goes back to its own queue before
    the transaction commits.
    """
    wanted = job.queue_name, job.priority, job.due_ns

    def enqueue_it() -> None:
        kept = job.queue_name, job.priority, job.due_ns
        job.queue_name, job.priority, job.due_ns = wanted
        _enqueue(job)
        if kept != wanted:
            job.queue_name, job.priority, job.due_ns = kept

    return enqueue_it


def _waits_for_commit(job: JobState) -> bool:
    chosen = type(job).enqueue_after_transaction_commit
    if chosen is None:
        return runtime.current().job_settings.enqueue_after_transaction_commit
    return chosen


def enqueue_through(job: JobState, adapter: QueueAdapter) -> bool:
    """Hand a job to this adapter, whatever its class chose, and waiting for no commit."""
    return _enqueue(job, adapter)


def _enqueue(job: JobState, adapter: QueueAdapter | None = None) -> bool:
    adapter = adapter or runtime.adapter_for(type(job).queue_adapter)
    job.successfully_enqueued = False
    job.enqueue_error = None
    name = "enqueue.active_job" if job.due_ns is None else "enqueue_at.active_job"
    if name in events.heard:
        with events.instrument(name, job=job, adapter=adapter) as payload:
            if _within_callbacks(job, adapter) is callbacks.HALTED:
                payload["aborted"] = True
    elif job.enqueue_callbacks:
        _within_callbacks(job, adapter)
    else:
        _hand_over(job, adapter)
    return job.successfully_enqueued


def _within_callbacks(job: JobState, adapter: QueueAdapter) -> Any:
    async def hand_over() -> bool:
        return _hand_over(job, adapter)

    return asyncs.drive(callbacks.run(job, job.enqueue_callbacks, hand_over, HERE))


def _enqueue_all(jobs: Sequence[JobState]) -> None:
    groups: dict[int, tuple[QueueAdapter, list[JobState]]] = {}
    for job in jobs:
        adapter = runtime.adapter_for(type(job).queue_adapter)
        groups.setdefault(id(adapter), (adapter, []))[1].append(job)
    for adapter, group in groups.values():
        _hand_over_all(group, adapter)


def _hand_over(job: JobState, adapter: QueueAdapter) -> bool:
    try:
        receipt = adapter.enqueue(_request(job))
    except EnqueueError as refusal:
        job.enqueue_error = refusal
    else:
        _note(job, receipt)
    return bool(job.successfully_enqueued)


def _hand_over_all(jobs: Sequence[JobState], adapter: QueueAdapter) -> None:
    requests: list[EnqueueRequest] = []
    for job in jobs:
        job.successfully_enqueued = False
        job.enqueue_error = None
        requests.append(_request(job))
    with events.instrument(
        "enqueue_all.active_job", jobs=jobs, adapter=adapter, enqueued_count=0
    ) as payload:
        for job, receipt in zip(jobs, adapter.enqueue_all(requests), strict=True):
            _note(job, receipt)
        payload["enqueued_count"] = sum(1 for job in jobs if job.successfully_enqueued)


def _request(job: JobState) -> EnqueueRequest:
    data = job.serialize()
    if job.origin is None:
        call_checks.check(job)
    carrying.inject(data, job.origin)
    make_hints = type(job).make_hints
    hints = NO_HINTS if make_hints is None else make_hints(job)
    return EnqueueRequest(data, job.due_ns, hints, _may_wait(job))


def _may_wait(job: JobState) -> bool:
    """Whether the job may wait for its time already. One that is performed now has left."""
    if job.origin is None:
        return job.was_enqueued
    return CURRENT_JOB.get() is not job


def _note(job: JobState, receipt: Receipt) -> None:
    if receipt.refusal is not None:
        job.enqueue_error = receipt.refusal
        return
    job.successfully_enqueued = job.was_enqueued = True
    if receipt.provider_job_id is not None:
        job.provider_job_id = receipt.provider_job_id


def _wait_ns(wait: Any) -> int:
    if isinstance(wait, timedelta):
        return (wait // timedelta(microseconds=1)) * 1_000
    if isinstance(wait, int | float) and not isinstance(wait, bool) and math.isfinite(wait):
        return int(wait * _NANOSECONDS)
    raise ArgumentError(f"wait is {wait!r}; expected seconds or a timedelta.")


def _epoch_ns(moment: datetime) -> int:
    try:
        return clock.to_ns(moment)
    except OverflowError:
        raise ArgumentError(f"wait_until is {moment!r}, which has no form in UTC.") from None


def _expressible(due_ns: int, option: str, value: Any) -> int:
    """A time that the payload's text can hold: the years 1 to 9999."""
    if _FIRST_NS <= due_ns <= _LAST_NS:
        return due_ns
    raise ArgumentError(f"{option} is {value!r:.80}, which leads out of the years 1 to 9999.")


def _whole_number(priority: Any) -> int:
    try:
        return int(priority)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"priority is {priority!r}; expected a whole number.") from None


def _aware(moment: Any) -> datetime:
    if not isinstance(moment, datetime):
        raise ArgumentError(f"wait_until is {moment!r}; expected an aware datetime.")
    if moment.tzinfo is None:
        raise ArgumentError(
            f"wait_until is {moment!r}, which has no time zone; pass an aware datetime, "
            f"such as datetime.now(UTC) + timedelta(hours=1)."
        )
    return moment
