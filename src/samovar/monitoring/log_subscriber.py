"""Events to log records on the logger `samovar`, in words and in fields.

A record's message is for people. `record.event`, `record.payload` (a dict that JSON can hold)
and `record.tags` are for machines: `monitoring.json_lines` writes them. A record about a job is
tagged ``ActiveJob``, and with the class and the id of the job that is being performed; its
message begins with these tags.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from samovar import events
from samovar.monitoring import callers, shown
from samovar.monitoring.job_lines import EVERY_JOB, TURNS
from samovar.monitoring.options import LogOptions
from samovar.monitoring.structured import STRUCTURED
from samovar.monitoring.worker_lines import WORKER

_log = logging.getLogger("samovar")
_lock = threading.Lock()
#: Events that are told, with who tells them; guarded by `_lock`.
_attached: dict[str, events.Subscriber] = {}
#: How jobs are told of; replaced as a whole, so readers need no lock.
_options = LogOptions()

_TAG = "ActiveJob"
_JOB_LINES = {**TURNS, **EVERY_JOB}
_ENQUEUES = frozenset({"enqueue.active_job", "enqueue_at.active_job", "enqueue_all.active_job"})
#: Events whose error is somebody's to mend: its traceback is logged too.
_WITH_TRACEBACK = frozenset({"executor.failed", "job.failed", "job.unhandled", "listener.failed"})


def attach(*, every_job: bool = False, options: LogOptions | None = None) -> None:
    """Write what happens to the logger `samovar`; may be called again, to add to it.

    Args:
        every_job: Lines also about jobs that are just enqueued and performed. Without them
            those events have no listener, and cost nothing.
        options: How jobs are told of from now on; None leaves that as it is.
    """
    global _options
    with _lock:
        if options is not None:
            _options = options
        wanted = {**WORKER, **_JOB_LINES} if every_job else {**WORKER, **TURNS}
        for name in wanted.keys() - _attached:
            _attached[name] = _write_job if name in _JOB_LINES else _write_worker
            events.subscribe(name)(_attached[name])


def detach() -> None:
    """Write nothing any more, and forget the options."""
    global _options
    with _lock:
        for subscriber in set(_attached.values()):
            events.unsubscribe(subscriber)
        _attached.clear()
        _options = LogOptions()


def _write_worker(event: events.Event) -> None:
    level, words = WORKER[event.name]
    if not _log.isEnabledFor(level):
        return
    error = event.payload.get("error") if event.name in _WITH_TRACEBACK else None
    extra = {"event": event.name, "payload": shown.plain(event.payload, _options)}
    _log.log(level, "%s", words(event.payload), exc_info=_traced(error), extra=extra)


def _write_job(event: events.Event) -> None:
    line = _JOB_LINES[event.name]
    level = line.level(event.payload)
    if not _log.isEnabledFor(level):
        return
    tags = _tags(event)
    name, fields = STRUCTURED[event.name]
    extra = {
        "event": name,
        "payload": fields(event.payload, event.duration, _options),
        "tags": tags,
    }
    words = line.words(event.payload, event.duration, _options)
    _log.log(level, "%s%s", prefix(tags), words, exc_info=_trace(event), extra=extra)
    if _options.verbose_enqueue_logs and event.name in _ENQUEUES:
        _write_caller(tags)


def prefix(tags: list[str]) -> str:
    """The tags as they stand before a message."""
    return "".join(f"[{tag}] " for tag in tags)


def _tags(event: events.Event) -> list[str]:
    job = _options.current_job() if event.name in _ENQUEUES else event.payload["job"]
    return [_TAG] if job is None else [_TAG, job.job_name, job.job_id]


def _trace(event: events.Event) -> Any:
    if event.name == "retry_stopped.active_job":
        error = event.payload["error"]
    elif event.name == "perform.active_job":
        error = event.payload.get("exception_object")
    else:
        error = None
    return _traced(error)


def _traced(error: BaseException | None) -> Any:
    """The error as logging takes it, its traceback from the application's own code on."""
    return None if error is None else (type(error), error, shown.users_traceback(error))


def _write_caller(tags: list[str]) -> None:
    line = callers.users_line()
    if line is not None and _log.isEnabledFor(logging.INFO):
        _log.info("%s↳ %s", prefix(tags), line, extra={"tags": tags})
