"""The perform stack, in order: what happens around a job's `perform`, on one page.

delivery: `around_execute` -> current attributes of the payload -> the job
the job:  current job -> its locale and time zone -> event `perform` -> executions + 1 ->
          decode the arguments -> event `perform_start` -> callbacks -> `perform`
an error from decoding inwards: the class's declarations, then `after_discard`
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from types import CoroutineType
from typing import Any, TypeVar

from samovar import events
from samovar.errors import ArgumentError, PerformInsideLoopError, RevokedError
from samovar.job import callbacks, carrying, enqueuing, handlers, retries, runtime
from samovar.job.context import CURRENT_JOB, LOCALE, TIMEZONE, use_locale, use_timezone
from samovar.job.outcome import Discarded, GivenUp, Retried
from samovar.job.state import JobState
from samovar.support import asyncs, event_loop, raised
from samovar.support.asyncs import HERE, ON_LOOP, Door
from samovar.support.tenure import TENURE

F = TypeVar("F", bound=Callable[[JobState], Generator[Any, Any, Any]])

#: Wrapped around each delivered job, the first outermost.
_around_execute: list[Callable[[JobState], AbstractContextManager[Any]]] = []


def around_execute(function: F) -> F:
    """Decorate a generator function of the job: its code runs around each job that is delivered
    from a queue, `yield` being the whole run, as for connections that want cleaning up.
    """
    if not inspect.isgeneratorfunction(function):
        raise ArgumentError(f"around_execute takes a generator function, found {function!r}.")
    _around_execute.append(contextmanager(function))
    return function


def execute(data: Mapping[str, Any]) -> Any:
    """Perform the job that a hash stands for; what `perform_now` gives.

    Raises:
        PayloadError: it stands for none.
        Exception: what nothing in the job's class dealt with.
    """
    return deliver(JobState.deserialize(data), carrying.carried(data))


def deliver(job: JobState, carried: Mapping[str, Any] | None) -> Any:
    """Perform a job that came out of a queue, in a context of its own: what it sets in context
    variables is gone when it ends. `carried` is what travelled beside it, if anything did.
    """
    if _around_execute or carried is not None:
        return copy_context().run(_deliver_within, job, carried)
    return copy_context().run(_perform_alone, job)


def perform_now(job: JobState) -> Any:
    """Perform a job here and now.

    Returns what `perform` returned, the error when one of the class's declarations dealt with
    it, or False when a callback halted; an error that nothing dealt with leaves as it came.
    """
    token = CURRENT_JOB.set(job)
    try:
        return _in_its_place(job)
    finally:
        CURRENT_JOB.reset(token)


async def aperform_now(job: JobState) -> Any:
    """`perform_now` for an event loop: a coroutine job runs on it, any other in its thread."""
    token = CURRENT_JOB.set(job)
    try:
        with _place_of(job), events.instrument("perform.active_job", **_payload(job)) as payload:
            result = await _run(job, ON_LOOP)
            if result is callbacks.HALTED:
                payload["aborted"] = True
        return False if result is callbacks.HALTED else result
    finally:
        CURRENT_JOB.reset(token)


def _perform_alone(job: JobState) -> Any:
    """`perform_now` in a context that nobody else sees: nothing need be put back."""
    CURRENT_JOB.set(job)
    return _in_its_place(job)


def _deliver_within(job: JobState, carried: Mapping[str, Any] | None) -> Any:
    with ExitStack() as stack:
        for wrapper in _around_execute:
            stack.enter_context(wrapper(job))
        if carried is not None:
            carrying.extract(carried)
        return perform_now(job)


def _in_its_place(job: JobState) -> Any:
    here = LOCALE.get()
    if (job.locale or here) == here and job.timezone == TIMEZONE.get():
        return _announced(job)
    with _place_of(job):
        return _announced(job)


@contextmanager
def _place_of(job: JobState) -> Generator[None, None, None]:
    with use_locale(job.locale or LOCALE.get()), use_timezone(job.timezone):
        yield


def _announced(job: JobState) -> Any:
    if "perform.active_job" in events.heard:
        with events.instrument("perform.active_job", **_payload(job)) as payload:
            result = _attempt(job)
            if result is callbacks.HALTED:
                payload["aborted"] = True
    else:
        result = _attempt(job)
    return False if result is callbacks.HALTED else result


def _attempt(job: JobState) -> Any:
    """The hot path of `_run`: a job without callbacks pays for none of it."""
    if job.perform_callbacks:
        return asyncs.drive(_run(job, HERE))
    job.executions += 1
    try:
        arguments, keywords = job.decode_arguments()
        if "perform_start.active_job" in events.heard:
            events.announce("perform_start.active_job", **_payload(job))
        result = job.perform(*arguments, **keywords) if keywords else job.perform(*arguments)
        return _finish(job, result) if result.__class__ is CoroutineType else result
    except BaseException as error:
        dealt_with = asyncs.drive(_recover(job, error, HERE))
        if dealt_with is None:
            raise
        return dealt_with


async def _run(job: JobState, door: Door) -> Any:
    job.executions += 1
    try:
        job.decode_arguments()
        events.announce("perform_start.active_job", **_payload(job))
        return await callbacks.run(job, job.perform_callbacks, lambda: _perform(job, door), door)
    except BaseException as error:
        dealt_with = await _recover(job, error, door)
        if dealt_with is None:
            raise
        return dealt_with


async def _perform(job: JobState, door: Door) -> Any:
    arguments, keywords = job.decode_arguments()
    result = job.perform(*arguments, **keywords)
    if door is HERE:
        return _finish(job, result) if inspect.iscoroutine(result) else result
    return await door.settle(result)


def _finish(job: JobState, coroutine: Coroutine[Any, Any, Any]) -> Any:
    if event_loop.inside_loop():
        coroutine.close()
        name = type(job).__name__
        raise PerformInsideLoopError(
            f"{name}.perform is a coroutine and an event loop runs here: "
            f"use `await {name}.aperform_now(...)`."
        )
    return event_loop.run(coroutine)


async def _recover(job: JobState, error: BaseException, door: Door) -> BaseException | None:
    """Do as the class declared; the error that was dealt with, or None: it has to be raised."""
    if raised.is_a(error, PerformInsideLoopError):
        return None
    found = handlers.find(type(job), error)
    if found is None:
        if raised.is_a(error, Exception):
            await _after_discard(job, error, door)
        return None
    declaration, cause = found
    if isinstance(declaration, retries.Rescue):
        await door.settle(_call_handler(declaration.handler, job, cause))
    elif isinstance(declaration, retries.Discard):
        await _discard(job, cause, declaration, door)
    else:
        return await _retry(job, cause, declaration, door)
    return cause


async def _discard(
    job: JobState, error: BaseException, discard: retries.Discard, door: Door
) -> None:
    job.job_outcome = Discarded(error)
    with events.instrument("discard.active_job", **_payload(job), error=error):
        if discard.report:
            _report(job, error)
        if discard.then is not None:
            await door.settle(discard.then(job, error))
        await _after_discard(job, error, door)


async def _retry(
    job: JobState, error: BaseException, retry: retries.Retry, door: Door
) -> BaseException | None:
    executions = _count(job, retry)
    if retry.attempts is None or executions < retry.attempts:
        if retry.report:
            _report(job, error)
        wait = retries.delay_seconds(retry, executions, error, _jitter(job))
        await door.block(_retry_after, job, retry, wait, error)
        return error
    with events.instrument("retry_stopped.active_job", **_payload(job), error=error):
        if retry.exhausted is not None:
            await door.settle(retry.exhausted(job, error))
        is_handled = retry.exhausted is not None
        job.job_outcome = Discarded(error) if is_handled else GivenUp(error)
        await _after_discard(job, error, door)
    return error if is_handled else None


def _retry_after(job: JobState, retry: retries.Retry, wait: float, error: BaseException) -> None:
    # Not after the commit of a transaction that the failed run left open: it will not commit.
    taken = retry_job(
        job, at_once=True, wait=wait, queue=retry.queue, priority=retry.priority, error=error
    )
    if not taken and job.enqueue_error is not None:
        raise job.enqueue_error from error


def retry_job(
    job: JobState, *, error: BaseException | None = None, at_once: bool = False, **options: Any
) -> bool:
    """Enqueue the same job again; options as for `set`. The object keeps its own queue.

    Raises:
        RevokedError: another worker performs it anyway.
    """
    tenure = job.tenure or TENURE.get()
    if tenure is not None and tenure.is_over:
        raise RevokedError(
            f"{job.job_name} ({job.job_id}) is not enqueued again: its partition has gone to "
            f"another worker, which performs the job itself."
        ) from error
    kept = job.queue_name, job.priority, job.due_ns
    payload = _payload(job)
    if error is not None:
        payload["error"] = error
    with events.instrument("enqueue_retry.active_job", **payload, wait=options.get("wait")):
        try:
            job.due_ns = None
            enqueuing.apply_options(job, **options)
            taken = enqueuing.enqueue(job, at_once=at_once)
        finally:
            job.queue_name, job.priority, job.due_ns = kept
    if taken:
        job.job_outcome = Retried(error)
    return taken


async def _after_discard(job: JobState, error: BaseException, door: Door) -> None:
    """Call every handler; of those that fail, the last one's error leaves."""
    failure: Exception | None = None
    for handler in retries.discard_handlers(type(job)):
        try:
            await door.settle(handler(job, error))
        except Exception as raised:
            failure = raised
    if failure is not None:
        raise failure


def _call_handler(handler: retries.Handler | str, job: JobState, error: BaseException) -> Any:
    return getattr(job, handler)(error) if isinstance(handler, str) else handler(job, error)


def _count(job: JobState, retry: retries.Retry) -> int:
    """One more failure of this declaration; payloads without counters use `executions`."""
    counters = job.exception_executions
    if counters is None:
        return job.executions
    before: Any = counters.get(retry.key, 0)
    counters[retry.key] = executions = (before if type(before) is int else 0) + 1
    return executions


def _jitter(job: JobState) -> float:
    own = type(job).retry_jitter
    return runtime.current().job_settings.retry_jitter if own is None else own


def _report(job: JobState, error: BaseException) -> None:
    events.announce(
        "error.reported", error=error, job=job, handled=True, source="application.active_job"
    )


def _payload(job: JobState) -> dict[str, Any]:
    return {"job": job, "adapter": runtime.adapter_for(type(job).queue_adapter)}
