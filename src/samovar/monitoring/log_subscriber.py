"""Events to log lines: the only file that words a message."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from samovar import events
from samovar.support.wording import told

_log = logging.getLogger("samovar")
_lock = threading.Lock()
_attached: set[str] = set()

Payload = dict[str, Any]

#: Events whose error is somebody's to mend: its traceback is logged too.
_WITH_TRACEBACK = frozenset(
    {
        "executor.failed",
        "job.failed",
        "job.unhandled",
        "listener.failed",
        "retry_stopped.active_job",
    }
)


def attach(*, every_job: bool = False) -> None:
    """Write what happens to the logger `samovar`; jobs that just succeed only with `every_job`."""
    with _lock:
        wanted = {**_LINES, **_JOB_LINES} if every_job else _LINES
        for name in wanted.keys() - _attached:
            events.subscribe(name)(_writer(*wanted[name]))
            _attached.add(name)


def _writer(level: int, words: Callable[[Payload, float], str]) -> Callable[[events.Event], None]:
    def write(event: events.Event) -> None:
        if _log.isEnabledFor(level):
            error = event.payload.get("error") if event.name in _WITH_TRACEBACK else None
            _log.log(level, "%s", words(event.payload, event.duration), exc_info=error)

    return write


def _job(payload: Payload) -> str:
    job = payload["job"]
    return f"{type(job).__name__} ({job.job_id})"


def _error(payload: Payload) -> str:
    return told(payload["error"])


def _at(payload: Payload) -> str:
    source = payload["source"]
    return f"{source.topic}[{source.partition}]@{payload['offset']}"


def _partitions(payload: Payload) -> str:
    return ", ".join(f"{topic}[{index}]" for topic, index in payload["partitions"]) or "none"


def _performed(payload: Payload, seconds: float) -> str:
    error = payload.get("exception_object")
    if error is not None:
        return f"{_job(payload)} failed in {seconds * 1000:.1f} ms: {told(error)}."
    return f"{_job(payload)} performed in {seconds * 1000:.1f} ms."


def _failed(payload: Payload, _: float) -> str:
    wait = payload["retry_in"]
    then = "the process stops" if wait is None else f"tried again in {wait:g} s"
    return (
        f"{payload['job']} at {_at(payload)} failed (attempt {payload['attempt']}): "
        f"{_error(payload)}; {then}."
    )


def _stopped(payload: Payload, _: float) -> str:
    if not payload["forced"]:
        return "The worker has stopped."
    running = ", ".join(payload["unfinished"]) or "none seen"
    return f"The worker was stopped by force; jobs still running: {running}."


_LINES: dict[str, tuple[int, Callable[[Payload, float], str]]] = {
    "enqueue_retry.active_job": (
        logging.INFO,
        lambda p, _: (
            f"{_job(p)} is tried again"
            + (f" after {_error(p)}." if p["error"] is not None else ".")
        ),
    ),
    "retry_stopped.active_job": (
        logging.ERROR,
        lambda p, _: f"{_job(p)} used up its attempts: {_error(p)}.",
    ),
    "discard.active_job": (
        logging.WARNING,
        lambda p, _: f"{_job(p)} was discarded after {_error(p)}.",
    ),
    "worker.started": (
        logging.INFO,
        lambda p, _: (
            f"The worker has started with {p['concurrency']} threads on the queues "
            f"{', '.join(p['queues']) or '(none yet)'}."
        ),
    ),
    "worker.quieted": (logging.INFO, lambda p, _: "The worker takes no new jobs."),
    "worker.stopping": (logging.INFO, lambda p, _: "The worker is stopping."),
    "worker.stopped": (logging.INFO, _stopped),
    "process.started": (logging.INFO, lambda p, _: f"Process {p['index']} started: {p['pid']}."),
    "process.replaced": (
        logging.WARNING,
        lambda p, _: (
            f"Process {p['index']} ({p['pid']}) ended with status {p['status']} and is replaced."
        ),
    ),
    "partitions.assigned": (logging.INFO, lambda p, _: f"Partitions came: {_partitions(p)}."),
    "partitions.revoked": (logging.INFO, lambda p, _: f"Partitions left: {_partitions(p)}."),
    "partitions.lost": (
        logging.WARNING,
        lambda p, _: f"Partitions were taken away: {_partitions(p)}.",
    ),
    "job.failed": (logging.ERROR, _failed),
    "job.unhandled": (logging.ERROR, lambda p, _: f"A job failed and is lost: {_error(p)}."),
    "dead_letter.dispatched": (
        logging.ERROR,
        lambda p, _: (
            f"{p['job']} at {_at(p)} went to the dead letter topic {p['topic']} after "
            f"{p['attempts']} attempts: {_error(p)}."
        ),
    ),
    "producer.failed": (logging.ERROR, lambda p, _: f"{p['error']}"),
    "producer.undelivered": (
        logging.ERROR,
        lambda p, _: f"{p['count']} enqueued jobs were NOT delivered before the process ended.",
    ),
    "executor.failed": (
        logging.ERROR,
        lambda p, _: f"An executor failed, and the process stops: {_error(p)}.",
    ),
    "listener.failed": (
        logging.ERROR,
        lambda p, _: f"The listener failed and starts anew in {p['retry_in']:g} s: {_error(p)}.",
    ),
    "broker.error": (logging.WARNING, lambda p, _: f"{_error(p)}"),
}

_JOB_LINES: dict[str, tuple[int, Callable[[Payload, float], str]]] = {
    "enqueue.active_job": (logging.INFO, lambda p, _: f"{_job(p)} enqueued."),
    "perform_start.active_job": (logging.INFO, lambda p, _: f"{_job(p)} is being performed."),
    "perform.active_job": (logging.INFO, _performed),
}
