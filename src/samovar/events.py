"""Instrumentation: what happens is announced here, and whoever subscribed hears it.

The list of events is closed: asking for another name is an error. A subscriber that fails is
reported on the `samovar` logger and never stops a job. With no subscriber an event costs one
look into a dictionary: guard hot places with ``if NAME in events.heard:``.
"""

from __future__ import annotations

import difflib
import logging
import re
import threading
from collections.abc import Callable
from datetime import datetime
from types import FunctionType, MethodType
from typing import Any

from samovar.errors import ArgumentError
from samovar.support import clock, ids, log
from samovar.support.wording import message

#: name -> what it reports; the payload's keys in brackets. In the events of jobs `job` is the job
#: and `adapter` its queue adapter; a key with a question mark is there only when it applies. Each
#: event around a block gains `exception` ([class name, message]) and `exception_object` when an
#: error leaves that block.
EVENTS: dict[str, str] = {
    "enqueue.active_job": "a job was enqueued [job, adapter, aborted?]",
    "enqueue_at.active_job": "a job was enqueued for later [job, adapter, aborted?]",
    "enqueue_all.active_job": "a bulk enqueue, one per adapter [jobs, adapter, enqueued_count]",
    "enqueue_retry.active_job": "a job was enqueued again [job, adapter, error, wait]",
    "perform_start.active_job": "a job is about to be performed [job, adapter]",
    "perform.active_job": "a job was performed [job, adapter, aborted?]",
    "retry_stopped.active_job": "the attempts of a job are used up [job, adapter, error]",
    "discard.active_job": "a job was discarded after an error [job, adapter, error]",
    "interrupt.active_job": (
        "a continuation stops at a checkpoint, to go on in another run "
        "[job, adapter, reason, description, completed_steps, current_step]"
    ),
    "resume.active_job": (
        "a continuation goes on where an earlier run ended "
        "[job, adapter, description, completed_steps, current_step]"
    ),
    "step_skipped.active_job": "an earlier run completed this step [job, adapter, step]",
    "step_started.active_job": "a step begins, or goes on [job, adapter, step]",
    "step.active_job": "a step has ended [job, adapter, step, interrupted]",
    "error.reported": "an error is worth a look [error, job, handled, source]",
    "current_attributes.unknown": "a job carried what its class lacks [name, attributes]",
    "active_job.consume": "a worker begins with a job [job, message]",
    "active_job.consumed": "a worker has done with a job, well or not [job, message]",
    "log.assumed": (
        "no settings file says where the log is, so the user's own is taken [path, searched]"
    ),
    "worker.started": "a worker process has begun to work [queues, concurrency]",
    "group.unnamed": "a worker in production has the default client_id and no group_id [group]",
    "queue.unserved": "no worker of the group serves a queue that jobs name [queue, named_by]",
    "queue.contended": "other groups perform the jobs of a queue as well [queue, groups]",
    "worker.crowded": "a worker reads more partitions than it can fast [queues, partitions, most]",
    "worker.quieted": "a worker takes no new jobs []",
    "worker.stopping": "a worker finishes what it runs []",
    "worker.stopped": "a worker has ended [forced, unfinished]",
    "process.started": "the supervisor started a process [pid, index]",
    "process.hanging": "the supervisor kills a process that hangs [pid, index, seconds]",
    "process.replaced": "the supervisor replaces a process that ended [pid, index, status]",
    "partitions.assigned": "partitions were assigned [group, partitions]",
    "partitions.revoked": "partitions were revoked [group, partitions]",
    "partitions.lost": "partitions were taken away [group, partitions]",
    "records.gone": (
        "records were deleted before the group had read them "
        "[group, source, position, first, count]"
    ),
    "records.repeated": (
        "the group had come to an offset that its partition does not reach, and reads it again "
        "[group, source, position, first, count]"
    ),
    "job.failed": "an error left a job [job, source, offset, error, attempt, retry_in]",
    "job.abandoned": (
        "an error left a job whose partition has gone to another worker, which performs it "
        "[job, source, offset, error]"
    ),
    "job.skipped": "a job is left out, for a reason of its topic's [job, source, offset, why]",
    "consumer.failed": "a consumer's hook raised [consumer, hook, source, error]",
    "job.unhandled": "an error left a job that no backend keeps [error]",
    "dead_letter.dispatched": (
        "a job was moved aside [job, source, offset, topic, error, attempts, trace_id]"
    ),
    "dead_letter.dropped": (
        "a job failed for good and was dropped, as its route says "
        "[job, source, offset, error, attempts]"
    ),
    "dead_letter.hook_failed": (
        "a strategy or an enhance hook of a route failed [hook, source, offset, error]"
    ),
    "recurring.fired": "a recurring task was due, and its job is enqueued [task, tick, job]",
    "recurring.failed": "a recurring task was due, and has no job this time [task, tick?, error]",
    "recurring.unfired": (
        "another process fires the recurring tasks of this group, and not these "
        "[group, tasks, fired]"
    ),
    "schedule.loaded": "a process knows what waits for its time [topic, partition, waiting]",
    "schedule.dispatched": "jobs whose time came have left [topic, partition, count]",
    "schedule.failed": "a record cannot wait or leave [topic, partition, offset, error]",
    "partitioner.failed": (
        "a topic's partitioner failed, and a batch is worked off in order [source, error]"
    ),
    "producer.failed": "records were refused by the broker [topic, error, count, label?]",
    "producer.undelivered": "records were not delivered in time, at the exit or by a flush [count]",
    "executor.failed": "an executor met an error of its own; the worker stops [error]",
    "thread.died": "an error ended a thread that a worker needs; the worker stops [thread, error]",
    "listener.failed": "a listener met an error and starts anew [error, retry_in]",
    "listener.fenced": "another process took a static member's place; this one stops [error]",
    "broker.error": "the broker reported a passing error [error]",
    "log.repaired": "a damaged file of the embedded log was mended [path, partitions]",
}


class Event:
    """What a subscriber is given: `name`, `payload` (a dict), `duration` (seconds), `started` and
    `finished`, and a `unique_id` that all its subscribers see.
    """

    __slots__ = ("_finished", "_unique_id", "duration", "name", "payload")

    def __init__(self, name: str, payload: dict[str, Any], duration: float = 0.0) -> None:
        self.name = name
        self.payload = payload
        self.duration = duration
        self._finished = clock.now_ns()
        self._unique_id = ""

    @property
    def started(self) -> datetime:
        """When it began, in UTC."""
        return clock.from_ns(self._finished - round(self.duration * 1e9))

    @property
    def finished(self) -> datetime:
        """When it ended, in UTC; when it happened, for one that does not last."""
        return clock.from_ns(self._finished)

    @property
    def unique_id(self) -> str:
        """A UUID, made when it is first asked for."""
        self._unique_id = self._unique_id or ids.uuid4()
        return self._unique_id


Subscriber = Callable[[Event], object]

#: Re-entrant, as finalizers that run in between may subscribe too.
_lock = threading.RLock()
_subscriptions: list[tuple[str | re.Pattern[str], Subscriber]] = []
#: Names that somebody listens to, with the listeners; replaced as a whole, so readers need no lock.
heard: dict[str, tuple[Subscriber, ...]] = {}


def subscribe(name: str | re.Pattern[str]) -> Callable[[Subscriber], Subscriber]:
    """Decorate a callable to hear an event (exact name), or all whose name a pattern matches.

    Raises:
        ArgumentError: no event bears that name, or one that the pattern matches.
    """
    if isinstance(name, str):
        _check(name)
    elif not any(_matches(name, known) for known in EVENTS):
        raise ArgumentError(f"No event has a name that the pattern {name.pattern!r} matches.")

    def decorate(subscriber: Subscriber) -> Subscriber:
        with _lock:
            _subscriptions.append((name, subscriber))
            _rebuild()
        return subscriber

    return decorate


def unsubscribe(subscriber: Subscriber) -> None:
    """Forget every subscription of this callable."""
    with _lock:
        for pair in [pair for pair in _subscriptions if pair[1] is subscriber]:
            _subscriptions.remove(pair)
        _rebuild()


def announce(name: str, /, **payload: Any) -> None:
    """Call the subscribers of `name`."""
    _check(name)
    if (listeners := heard.get(name)) is None:
        return
    event = Event(name, payload)
    for subscriber in listeners:
        _notify(subscriber, event)


class instrument:
    """Measure a ``with`` block and announce it when it ends; gives the payload, to be added to.

    An error that leaves the block goes on, and is in the payload as `exception` (its class's
    name and its message) and `exception_object`.
    """

    # A class, because a generator under `contextmanager` costs three times as much.
    __slots__ = ("_name", "_payload", "_started")

    def __init__(self, name: str, /, **payload: Any) -> None:
        _check(name)
        self._name = name
        self._payload = payload

    def __enter__(self) -> dict[str, Any]:
        self._started = clock.ticks()
        return self._payload

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        listeners = heard.get(self._name)
        if listeners is None:
            return
        event = Event(self._name, self._payload, clock.ticks() - self._started)
        if error is not None:
            self._payload["exception"] = [type(error).__name__, message(error)]
            self._payload["exception_object"] = error
        for subscriber in listeners:
            _notify(subscriber, event)


def _check(name: str) -> None:
    if name in EVENTS:
        return
    near = difflib.get_close_matches(name, EVENTS, 3)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ArgumentError(f"There is no event {name!r}. {hint}Events: {', '.join(sorted(EVENTS))}.")


def _notify(subscriber: Subscriber, event: Event) -> None:
    try:
        subscriber(event)
    except BaseException as error:  # not even SystemExit: the subscriber is no part of the job
        try:
            words = f"The subscriber {_name(subscriber)} failed on the event {event.name}."
            log.write(logging.ERROR, words, error=error)
        except BaseException:
            return  # such as a RecursionError: nothing is left to say it with


def _name(subscriber: Subscriber) -> str:
    is_plain = isinstance(subscriber, FunctionType | MethodType)
    return subscriber.__qualname__ if is_plain else type(subscriber).__qualname__


def _rebuild() -> None:
    global heard
    subscriptions = None
    while subscriptions != _subscriptions:  # a finalizer may have subscribed meanwhile
        subscriptions = list(_subscriptions)
        heard = {
            name: listeners
            for name in EVENTS
            if (listeners := tuple(s for wanted, s in subscriptions if _matches(wanted, name)))
        }


def _matches(wanted: str | re.Pattern[str], name: str) -> bool:
    return wanted == name if isinstance(wanted, str) else wanted.search(name) is not None
