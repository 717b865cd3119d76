"""Events about jobs as fields: what a JSON line carries, under Active Job's own names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from samovar.monitoring import shown
from samovar.monitoring.options import LogOptions
from samovar.support import tracebacks
from samovar.support.wording import message

Payload = dict[str, Any]
#: An event's payload, its duration in seconds, and the options, to the fields.
Fields = Callable[[Payload, float, LogOptions], dict[str, Any]]


def enqueued_classes(payload: Payload) -> dict[str, int]:
    """Of a bulk enqueue: how many jobs of each class were taken, the most first."""
    taken = (job.job_name for job in payload["jobs"] if job.successfully_enqueued)
    return dict(Counter(taken).most_common())


def wait_seconds(payload: Payload) -> int:
    """Of a retry: its wait in whole seconds."""
    wait = payload.get("wait") or 0
    return int(wait.total_seconds() if isinstance(wait, timedelta) else wait)


def refusal(payload: Payload) -> BaseException | None:
    """Of an enqueue: the error that left it, or the adapter's soft refusal."""
    error = payload.get("exception_object")
    return payload["job"].enqueue_error if error is None else error


def _identity(payload: Payload) -> dict[str, Any]:
    job = payload["job"]
    return {"job_class": job.job_name, "job_id": job.job_id}


def _place(payload: Payload) -> dict[str, Any]:
    return {
        **_identity(payload),
        "queue": payload["job"].queue_name,
        "adapter": shown.adapter_name(payload["adapter"]),
    }


def _error(error: BaseException | None) -> dict[str, Any]:
    if error is None:
        return {}
    return {"exception_class": type(error).__name__, "exception_message": message(error)}


def _error_or_nothing(error: BaseException | None) -> dict[str, Any]:
    return _error(error) or {"exception_class": None, "exception_message": None}


def _arguments(payload: Payload, options: LogOptions) -> dict[str, Any]:
    if not shown.may_show_arguments(payload["job"], options):
        return {}
    return {"arguments": shown.plain(shown.arguments(payload["job"]), options)}


def _aborted(payload: Payload) -> bool:
    return bool(payload.get("aborted"))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _enqueued(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {
        **_place(payload),
        "aborted": _aborted(payload),
        **_error(refusal(payload)),
        **_arguments(payload, options),
    }


def _enqueued_at(payload: Payload, seconds: float, options: LogOptions) -> dict[str, Any]:
    return {**_enqueued(payload, seconds, options), "scheduled_at": shown.due(payload["job"])}


def _bulk_enqueued(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    count, taken = len(payload["jobs"]), payload["enqueued_count"]
    return {
        "adapter": shown.adapter_name(payload["adapter"]),
        "job_count": count,
        "enqueued_count": taken,
        "failed_enqueue_count": count - taken,
        "enqueued_classes": enqueued_classes(payload),
    }


def _started(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {
        **_place(payload),
        "enqueued_at": shown.moment(payload["job"].enqueued_at),
        **_arguments(payload, options),
    }


def _completed(payload: Payload, seconds: float, options: LogOptions) -> dict[str, Any]:
    fields = {
        **_place(payload),
        "aborted": _aborted(payload),
        "duration": _milliseconds(seconds),
    }
    error = payload.get("exception_object")
    if error is not None:
        fields.update(_error(error), exception_backtrace=tracebacks.backtrace(error))
    return fields


def _retry_scheduled(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {
        **_identity(payload),
        "executions": payload["job"].executions,
        "wait_seconds": wait_seconds(payload),
        **_error_or_nothing(payload.get("error")),
    }


def _retry_stopped(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {
        **_identity(payload),
        "executions": payload["job"].executions,
        **_error_or_nothing(payload["error"]),
    }


def _discarded(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {**_identity(payload), **_error_or_nothing(payload["error"])}


def _interrupted(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {
        **_identity(payload),
        "description": payload["description"],
        "reason": shown.plain(payload["reason"], options),
    }


def _resumed(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {**_identity(payload), "description": payload["description"]}


def _step_skipped(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {**_identity(payload), "step": payload["step"]}


def _step_at(payload: Payload, options: LogOptions) -> dict[str, Any]:
    step = payload["step"]
    return {
        **_identity(payload),
        "step": step.name,
        "cursor": shown.plain(step.cursor, options),
    }


def _step_started(payload: Payload, _: float, options: LogOptions) -> dict[str, Any]:
    return {**_step_at(payload, options), "resumed": payload["step"].resumed}


def _step(payload: Payload, seconds: float, options: LogOptions) -> dict[str, Any]:
    is_interrupted = bool(payload["interrupted"])
    return {
        **_step_at(payload, options),
        "interrupted": is_interrupted,
        "duration": _milliseconds(seconds),
        **({} if is_interrupted else _error(payload.get("exception_object"))),
    }


#: Event -> its structured name, and its fields.
STRUCTURED: dict[str, tuple[str, Fields]] = {
    "enqueue.active_job": ("active_job.enqueued", _enqueued),
    "enqueue_at.active_job": ("active_job.enqueued_at", _enqueued_at),
    "enqueue_all.active_job": ("active_job.bulk_enqueued", _bulk_enqueued),
    "perform_start.active_job": ("active_job.started", _started),
    "perform.active_job": ("active_job.completed", _completed),
    "enqueue_retry.active_job": ("active_job.retry_scheduled", _retry_scheduled),
    "retry_stopped.active_job": ("active_job.retry_stopped", _retry_stopped),
    "discard.active_job": ("active_job.discarded", _discarded),
    "interrupt.active_job": ("active_job.interrupt", _interrupted),
    "resume.active_job": ("active_job.resume", _resumed),
    "step_skipped.active_job": ("active_job.step_skipped", _step_skipped),
    "step_started.active_job": ("active_job.step_started", _step_started),
    "step.active_job": ("active_job.step", _step),
}
