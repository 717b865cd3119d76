"""Instrumentation: what happens is announced here, and whoever subscribed hears it.

The list of events is closed: asking for another name is an error. A subscriber that fails is
reported on the `samovar` logger and never stops a job. With no subscriber an event costs one
look into a dictionary: guard hot places with ``if NAME in events.heard:``.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from samovar.errors import ArgumentError

#: name -> what it tells; the payload's keys in brackets.
EVENTS: dict[str, str] = {
    "enqueue.active_job": "a job was enqueued [job, adapter]",
    "enqueue_at.active_job": "a job was enqueued for later [job, adapter]",
    "enqueue_all.active_job": "a bulk enqueue [jobs, adapter, enqueued_count]",
    "enqueue_retry.active_job": "a job was enqueued again after an error [job, error, wait]",
    "perform_start.active_job": "a job is about to be performed [job]",
    "perform.active_job": "a job was performed [job, exception_object]",
    "retry_stopped.active_job": "the attempts of a job are used up [job, error]",
    "discard.active_job": "a job was discarded after an error [job, error]",
    "worker.started": "a worker process has begun to work [queues, concurrency]",
    "worker.quieted": "a worker takes no new jobs []",
    "worker.stopping": "a worker finishes what it runs []",
    "worker.stopped": "a worker has ended [forced, unfinished]",
    "process.started": "the supervisor started a process [pid, index]",
    "process.replaced": "the supervisor replaces a process that ended [pid, index, status]",
    "partitions.assigned": "partitions came [group, partitions]",
    "partitions.revoked": "partitions left [group, partitions]",
    "partitions.lost": "partitions were taken away [group, partitions]",
    "job.failed": "an error left a job [job, source, offset, error, attempt, retry_in]",
    "job.unhandled": "an error left a job that no backend keeps [error]",
    "dead_letter.dispatched": "a job was moved aside [job, source, offset, topic, error, attempts]",
    "producer.failed": "records were refused by the broker [topic, error, count]",
    "producer.undelivered": "records were still undelivered at exit [count]",
    "executor.failed": "an executor met an error of its own; the process stops [error]",
    "listener.failed": "a listener met an error and starts anew [error, retry_in]",
    "broker.error": "the broker reported a passing error [error]",
}


class Event:
    """What a subscriber is given: `name`, `payload` (a dict) and `duration` (seconds)."""

    __slots__ = ("duration", "name", "payload")

    def __init__(self, name: str, payload: dict[str, Any], duration: float = 0.0) -> None:
        self.name = name
        self.payload = payload
        self.duration = duration


Subscriber = Callable[[Event], object]

_log = logging.getLogger("samovar")
_lock = threading.Lock()
_subscriptions: list[tuple[str | re.Pattern[str], Subscriber]] = []
#: Names that somebody listens to, with the listeners; replaced as a whole, so readers need no lock.
heard: dict[str, tuple[Subscriber, ...]] = {}


def subscribe(name: str | re.Pattern[str]) -> Callable[[Subscriber], Subscriber]:
    """Decorate a callable to hear an event (exact name), or all whose name a pattern matches.

    Raises:
        ArgumentError: no event bears that name.
    """
    if isinstance(name, str):
        _check(name)

    def decorate(subscriber: Subscriber) -> Subscriber:
        with _lock:
            _subscriptions.append((name, subscriber))
            _rebuild()
        return subscriber

    return decorate


def unsubscribe(subscriber: Subscriber) -> None:
    """Forget every subscription of this callable."""
    with _lock:
        _subscriptions[:] = [pair for pair in _subscriptions if pair[1] is not subscriber]
        _rebuild()


def announce(name: str, **payload: Any) -> None:
    """Tell the subscribers of `name` that it happened."""
    _check(name)
    for subscriber in heard.get(name, ()):
        _tell(subscriber, Event(name, payload))


@contextmanager
def instrument(name: str, **payload: Any) -> Generator[dict[str, Any], None, None]:
    """Measure a block and announce it when it ends; the yielded payload may be added to."""
    _check(name)
    started = time.perf_counter()
    try:
        yield payload
    except BaseException as error:
        payload["exception_object"] = error
        raise
    finally:
        event = Event(name, payload, time.perf_counter() - started)
        for subscriber in heard.get(name, ()):
            _tell(subscriber, event)


def _check(name: str) -> None:
    if name not in EVENTS:
        raise ArgumentError(f"There is no event {name!r}. Events: {', '.join(sorted(EVENTS))}.")


def _tell(subscriber: Subscriber, event: Event) -> None:
    try:
        subscriber(event)
    except BaseException:  # not even SystemExit: the subscriber is no part of the job
        _log.exception("The subscriber %r failed on the event %s.", subscriber, event.name)


def _rebuild() -> None:
    global heard
    heard = {
        name: listeners
        for name in EVENTS
        if (listeners := tuple(s for wanted, s in _subscriptions if _matches(wanted, name)))
    }


def _matches(wanted: str | re.Pattern[str], name: str) -> bool:
    return wanted == name if isinstance(wanted, str) else wanted.search(name) is not None
