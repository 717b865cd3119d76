"""The perform stack, in order: what happens around a job's `perform`, on one page.

current job -> event `perform` -> executions + 1 -> decode the arguments -> event
`perform_start` -> `perform` -> on an error: the class's declarations.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any

from samovar import events
from samovar.errors import PerformInsideLoopError
from samovar.job import enqueuing, retries, runtime
from samovar.job.context import CURRENT_JOB
from samovar.job.state import JobState
from samovar.support import asyncs


def perform_now(job: JobState) -> Any:
    """Perform a job here and now.

    Returns what `perform` returned, or the error when one of the class's declarations dealt
    with it; an error that none did leaves as it came.
    """
    token = CURRENT_JOB.set(job)
    try:
        if "perform.active_job" in events.heard:
            with events.instrument("perform.active_job", job=job):
                return _attempt(job)
        return _attempt(job)
    finally:
        CURRENT_JOB.reset(token)


async def aperform_now(job: JobState) -> Any:
    """`perform_now` for an event loop: a coroutine job runs on it, any other in its thread."""
    token = CURRENT_JOB.set(job)
    try:
        with events.instrument("perform.active_job", job=job):
            job.executions += 1
            try:
                arguments, keywords = job.decode_arguments()
                events.announce("perform_start.active_job", job=job)
                result = job.perform(*arguments, **keywords)
                return await result if inspect.isawaitable(result) else result
            except BaseException as error:
                return _recover(job, error)
    finally:
        CURRENT_JOB.reset(token)


def _attempt(job: JobState) -> Any:
    job.executions += 1
    try:
        arguments, keywords = job.decode_arguments()
        if "perform_start.active_job" in events.heard:
            events.announce("perform_start.active_job", job=job)
        result = job.perform(*arguments, **keywords)
        return _finish(job, result) if result.__class__ is CoroutineType else result
    except BaseException as error:
        return _recover(job, error)


def _finish(job: JobState, coroutine: Coroutine[Any, Any, Any]) -> Any:
    if asyncs.inside_loop():
        coroutine.close()
        name = type(job).__name__
        raise PerformInsideLoopError(
            f"{name}.perform is a coroutine and an event loop runs here: "
            f"use `await {name}.aperform_now(...)`."
        )
    return asyncs.run(coroutine)


def _recover(job: JobState, error: BaseException) -> BaseException:
    """Do as the class declared, and return the error; raise it when nothing was declared."""
    found = retries.find(type(job), error)
    if found is None or isinstance(error, PerformInsideLoopError):
        raise error
    declaration, cause = found
    if isinstance(declaration, retries.Discard):
        _discard(job, cause, declaration.then)
    else:
        _retry(job, cause, declaration)
    return cause


def _discard(job: JobState, error: BaseException, then: Callable[..., object] | None) -> None:
    with events.instrument("discard.active_job", job=job, error=error):
        if then is not None:
            then(job, error)


def _retry(job: JobState, error: BaseException, retry: retries.Retry) -> None:
    executions = _count(job, retry)
    if retry.attempts is None or executions < retry.attempts:
        jitter = runtime.current().job_settings.retry_jitter
        wait = retries.delay_seconds(retry, executions, error, jitter)
        retry_job(job, wait=wait, queue=retry.queue, priority=retry.priority, error=error)
        return
    with events.instrument("retry_stopped.active_job", job=job, error=error):
        if retry.exhausted is None:
            raise error
        retry.exhausted(job, error)


def retry_job(job: JobState, *, error: BaseException | None = None, **options: Any) -> bool:
    """Enqueue the same job again; options as for `set`. The object keeps its own queue."""
    kept = job.queue_name, job.priority, job.scheduled_at
    with events.instrument(
        "enqueue_retry.active_job", job=job, error=error, wait=options.get("wait")
    ):
        job.scheduled_at = None
        enqueuing.apply_options(job, **options)
        done = enqueuing.enqueue(job)
    job.queue_name, job.priority, job.scheduled_at = kept
    return done


def _count(job: JobState, retry: retries.Retry) -> int:
    """One more failure of this declaration; payloads without counters use `executions`."""
    counters = job.exception_executions
    if counters is None:
        return job.executions
    before: Any = counters.get(retry.key, 0)
    counters[retry.key] = executions = (before if type(before) is int else 0) + 1
    return executions
