"""What happens to jobs, in words: class and id first, then how it went."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from samovar.monitoring import shown
from samovar.monitoring.options import LogOptions
from samovar.monitoring.structured import enqueued_classes, refusal, wait_seconds
from samovar.support.wording import counted, error_text

Payload = dict[str, Any]


class Line(NamedTuple):
    """How an event is written in the log."""

    #: The level, which depends on how it went.
    level: Callable[[Payload], int]
    #: The payload, the duration in seconds and the options, to the words.
    words: Callable[[Payload, float, LogOptions], str]


def _job(payload: Payload) -> str:
    job = payload["job"]
    return f"{job.job_name} ({job.job_id})"


def _error(payload: Payload) -> str:
    return error_text(payload["error"])


def _place(payload: Payload) -> str:
    return f"{shown.adapter_name(payload['adapter'])}({payload['job'].queue_name})"


def _with_arguments(payload: Payload, options: LogOptions) -> str:
    inspected = shown.inspected(payload["job"], options)
    return f" with arguments: {inspected}" if inspected else "."


def _enqueued(payload: Payload, _: float, options: LogOptions) -> str:
    job, place, error = _job(payload), _place(payload), refusal(payload)
    if error is not None:
        return f"{job} could not be enqueued to {place}: {error_text(error)}."
    if payload.get("aborted"):
        return f"{job} was not enqueued to {place}: a before_enqueue callback halted it."
    if payload["job"].successfully_enqueued is False:
        return f"{job} was not enqueued to {place}: an around_enqueue callback did not go on."
    at = shown.due(payload["job"])
    when = f", to be performed at {at}" if at else ""
    return f"{job} enqueued to {place}{when}{_with_arguments(payload, options)}"


def _bulk_enqueued(payload: Payload, _: float, options: LogOptions) -> str:
    taken = payload["enqueued_count"]
    failed = len(payload["jobs"]) - taken
    adapter = shown.adapter_name(payload["adapter"])
    if not taken:
        return f"{counted(failed, 'job')} failed to be enqueued to {adapter}."
    classes = ", ".join(f"{count} {name}" for name, count in enqueued_classes(payload).items())
    rest = f"; {counted(failed, 'job')} failed to be enqueued" if failed else ""
    return f"{counted(taken, 'job')} enqueued to {adapter} ({classes}){rest}."


def _started(payload: Payload, _: float, options: LogOptions) -> str:
    enqueued_at = shown.moment(payload["job"].enqueued_at)
    since = f", enqueued at {enqueued_at}" if enqueued_at else ""
    return (
        f"{_job(payload)} is being performed from {_place(payload)}{since}"
        f"{_with_arguments(payload, options)}"
    )


def _performed(payload: Payload, seconds: float, options: LogOptions) -> str:
    job, place, time = _job(payload), _place(payload), f"{seconds * 1000:.2f} ms"
    error = payload.get("exception_object")
    if error is not None:
        return f"{job} from {place} failed in {time}: {error_text(error)}."
    if payload.get("aborted"):
        return f"{job} from {place} failed in {time}: a before_perform callback halted it."
    return f"{job} performed from {place} in {time}."


def _retried(payload: Payload, _: float, options: LogOptions) -> str:
    error, wait = payload.get("error"), wait_seconds(payload)
    if error is None:  # as a continuation, or `retry_job` in the job's own words
        later = f", to be performed in {wait} s" if wait else ""
        return f"{_job(payload)} is enqueued again{later}."
    return (
        f"{_job(payload)} is tried again after {counted(payload['job'].executions, 'attempt')} "
        f"in {wait} s, due to {error_text(error)}."
    )


def _stopped(payload: Payload, _: float, options: LogOptions) -> str:
    return (
        f"{_job(payload)} is not tried again: {_error(payload)}, "
        f"after {counted(payload['job'].executions, 'attempt')}."
    )


def _discarded(payload: Payload, _: float, options: LogOptions) -> str:
    return f"{_job(payload)} was discarded after {_error(payload)}."


def _interrupted(payload: Payload, _: float, options: LogOptions) -> str:
    return f"{_job(payload)} was interrupted {payload['description']} ({payload['reason']})."


def _resumed(payload: Payload, _: float, options: LogOptions) -> str:
    return f"{_job(payload)} goes on {payload['description']}."


def _step_skipped(payload: Payload, _: float, options: LogOptions) -> str:
    return f"{_job(payload)} skipped the step {payload['step']!r}."


def _step_started(payload: Payload, _: float, options: LogOptions) -> str:
    step = payload["step"]
    if step.resumed:
        return f"{_job(payload)} resumed the step {step.name!r} from {_cursor(step, options)}."
    return f"{_job(payload)} started the step {step.name!r}."


def _step(payload: Payload, seconds: float, options: LogOptions) -> str:
    job, step, time = _job(payload), payload["step"], f"{seconds * 1000:.2f} ms"
    if payload["interrupted"]:
        at = _cursor(step, options)
        return f"{job} was interrupted during the step {step.name!r} at {at} after {time}."
    error = payload.get("exception_object")
    if error is not None:
        at = _cursor(step, options)
        return f"{job} failed during the step {step.name!r} at {at} in {time}: {error_text(error)}."
    return f"{job} completed the step {step.name!r} in {time}."


def _cursor(step: Any, options: LogOptions) -> str:
    return f"cursor {shown.one_inspected(step.cursor, options)}"


def _as_info(_: Payload) -> int:
    return logging.INFO


def _as_error(_: Payload) -> int:
    return logging.ERROR


def _level_of_enqueue(payload: Payload) -> int:
    return logging.INFO if refusal(payload) is None else logging.ERROR


def _level_of_perform(payload: Payload) -> int:
    failed = payload.get("exception_object") is not None or payload.get("aborted")
    return logging.ERROR if failed else logging.INFO


def _level_of_step(payload: Payload) -> int:
    failed = payload.get("exception_object") is not None and not payload["interrupted"]
    return logging.ERROR if failed else logging.INFO


#: Written always: a run did not end the job.
TURNS: dict[str, Line] = {
    "enqueue_retry.active_job": Line(_as_info, _retried),
    "retry_stopped.active_job": Line(_as_error, _stopped),
    "discard.active_job": Line(_as_error, _discarded),
    "interrupt.active_job": Line(_as_info, _interrupted),
    "resume.active_job": Line(_as_info, _resumed),
}

#: Written on demand: a job that just succeeds causes these too.
EVERY_JOB: dict[str, Line] = {
    "enqueue.active_job": Line(_level_of_enqueue, _enqueued),
    "enqueue_at.active_job": Line(_level_of_enqueue, _enqueued),
    "enqueue_all.active_job": Line(_as_info, _bulk_enqueued),
    "perform_start.active_job": Line(_as_info, _started),
    "perform.active_job": Line(_level_of_perform, _performed),
    "step_skipped.active_job": Line(_as_info, _step_skipped),
    "step_started.active_job": Line(_as_info, _step_started),
    "step.active_job": Line(_level_of_step, _step),
}
