"""Events to log records on the logger `samovar`, in words and in fields.

A record's message is for people. `record.event`, `record.payload` (a dict that JSON can hold)
and `record.tags` are for machines: `monitoring.json_lines` writes them. A record about a job is
tagged ``ActiveJob``, and with the class and the id of the job that is being performed; its
message begins with these tags.
"""

from __future__ import annotations

import logging
import threading

from samovar import events
from samovar.monitoring import callers, shown
from samovar.monitoring.job_lines import EVERY_JOB, TURNS
from samovar.monitoring.options import LogOptions
from samovar.monitoring.repeats import Repeats
from samovar.monitoring.structured import STRUCTURED
from samovar.monitoring.worker_lines import WORKER
from samovar.support import clock, log
from samovar.support.wording import printable

_lock = threading.RLock()
#: Events that are written, with their subscribers; guarded by `_lock`.
_attached: dict[str, events.Subscriber] = {}
#: How jobs are written; replaced as a whole, so readers need no lock.
_options = LogOptions()

_TAG = "ActiveJob"
#: Longest tag before a line, in characters.
_MAX_TAG = 200
_JOB_LINES = {**TURNS, **EVERY_JOB}
_ENQUEUES = frozenset({"enqueue.active_job", "enqueue_at.active_job", "enqueue_all.active_job"})
#: Events whose error is somebody's to mend: its traceback is logged too.
_WITH_TRACEBACK = frozenset(
    {"executor.failed", "job.failed", "job.unhandled", "listener.failed", "thread.died"}
)
#: Events that come again and again while a broker is away.
_REPEATING = frozenset({"broker.error", "listener.failed"})
_repeats = Repeats()


def attach(*, every_job: bool = False, options: LogOptions | None = None) -> None:
    """Write what happens to the logger `samovar`; may be called again, to add to it.

    Args:
        every_job: Lines also about jobs that are just enqueued and performed. Without them
            those events have no listener, and cost nothing.
        options: How jobs are written from now on; None changes nothing.
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
        _repeats.forget()
        _options = LogOptions()


def _write_worker(event: events.Event) -> None:
    level, worded = WORKER[event.name]
    if not log.is_heard(level):
        return
    words = worded(event.payload)
    if not words:
        return
    left_out = 0
    if event.name in _REPEATING:
        admitted = _repeats.admit(words, clock.monotonic())
        if admitted is None:
            return
        left_out = admitted
    fields = shown.plain(event.payload, _options)
    if left_out:
        words = f"{words} ({left_out:,} more like it were not written.)"
        fields["not_written"] = left_out
    error = event.payload.get("error") if event.name in _WITH_TRACEBACK else None
    log.write(level, words, error=error, fields={"event": event.name, "payload": fields})


def _write_job(event: events.Event) -> None:
    line = _JOB_LINES[event.name]
    level = line.level(event.payload)
    if not log.is_heard(level):
        return
    tags = _tags(event)
    name, fields = STRUCTURED[event.name]
    extra = {
        "event": name,
        "payload": fields(event.payload, event.duration, _options),
        "tags": tags,
    }
    words = line.words(event.payload, event.duration, _options)
    log.write(level, prefix(tags) + words, error=_error(event), fields=extra)
    if _options.verbose_enqueue_logs and event.name in _ENQUEUES:
        _write_caller(tags)


def prefix(tags: list[str]) -> str:
    """The tags as they stand before a message."""
    return "".join(f"[{printable(tag, _MAX_TAG)}] " for tag in tags)


def _tags(event: events.Event) -> list[str]:
    job = _options.current_job() if event.name in _ENQUEUES else event.payload["job"]
    return [_TAG] if job is None else [_TAG, job.job_name, job.job_id]


def _error(event: events.Event) -> BaseException | None:
    """The error whose traceback belongs to the line."""
    if event.name == "retry_stopped.active_job":
        return event.payload["error"]
    if event.name == "perform.active_job":
        return event.payload.get("exception_object")
    return None


def _write_caller(tags: list[str]) -> None:
    line = callers.users_line()
    if line is not None and log.is_heard(logging.INFO):
        log.write(logging.INFO, f"{prefix(tags)}↳ {line}", fields={"tags": tags})
