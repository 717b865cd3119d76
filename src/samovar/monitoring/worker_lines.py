"""What happens in a worker and its processes, in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from samovar.monitoring.shown import ranges
from samovar.support.wording import counted, error_text

Payload = dict[str, Any]
#: Words for what needs no line.
NOTHING = ""


def _error(payload: Payload) -> str:
    return error_text(payload["error"])


def _at(payload: Payload) -> str:
    source = payload["source"]
    return f"{source.topic}[{source.partition}]@{payload['offset']}"


def _moved(what: str) -> Callable[[Payload], str]:
    """What happened to some partitions; nothing when there are none."""
    return lambda payload: f"{what}: {_partitions(payload)}." if payload["partitions"] else NOTHING


def _partitions(payload: Payload) -> str:
    """Topics with their partitions: `mail[0-7], orders[0, 3]`."""
    topics: dict[str, list[int]] = {}
    for topic, index in sorted(payload["partitions"]):
        topics.setdefault(topic, []).append(index)
    return ", ".join(f"{t}[{ranges(indexes)}]" for t, indexes in topics.items())


def _log_assumed(payload: Payload) -> str:
    places = " and from ".join(payload["searched"])
    return (
        f"No settings file was found from {places} upwards: jobs go to the log of this user, "
        f"{payload['path']}. A samovar.toml beside your jobs gives them a log of their own."
    )


def _started(payload: Payload) -> str:
    threads = counted(payload["concurrency"], "thread")
    queues = ", ".join(payload["queues"]) or "none yet"
    return f"The worker has started with {threads}; queues: {queues}."


def _stopped(payload: Payload) -> str:
    if not payload["forced"]:
        return "The worker has stopped."
    running = ", ".join(payload["unfinished"]) or "none seen"
    return f"The worker was stopped by force; jobs still running: {running}."


def _failed(payload: Payload) -> str:
    wait = payload["retry_in"]
    then = "the worker stops" if wait is None else f"tried again in {wait:g} s"
    return (
        f"{payload['job']} at {_at(payload)} failed (attempt {payload['attempt']}): "
        f"{_error(payload)}; {then}."
    )


def _moved_aside(payload: Payload) -> str:
    return (
        f"{payload['job']} at {_at(payload)} went to the dead letter topic {payload['topic']} "
        f"after {counted(payload['attempts'], 'attempt')} (trace {payload['trace_id']}): "
        f"{_error(payload)}."
    )


def _dropped(payload: Payload) -> str:
    return (
        f"{payload['job']} at {_at(payload)} was dropped after "
        f"{counted(payload['attempts'], 'attempt')}, as its route says: {_error(payload)}."
    )


def _hook_failed(payload: Payload) -> str:
    return (
        f"The {payload['hook']} of a dead letter queue failed at {_at(payload)}: {_error(payload)}."
    )


def _undelivered(payload: Payload) -> str:
    count = payload["count"]
    were = "was" if count == 1 else "were"
    jobs = counted(count, "enqueued job")
    return f"{jobs} {were} NOT delivered in time, messages counted as jobs."


def _unknown_attributes(payload: Payload) -> str:
    names = ", ".join(payload["attributes"])
    return f"A job carried attributes that {payload['name']} lacks; they were left out: {names}."


def _fired(payload: Payload) -> str:
    job, due = payload["job"], datetime.fromtimestamp(payload["tick"], UTC)
    return (
        f"The recurring task {payload['task']}, due at {due:%Y-%m-%d %H:%M:%S} UTC, enqueued "
        f"{job.job_name} ({job.job_id})."
    )


def _not_fired(payload: Payload) -> str:
    return f"The recurring task {payload['task']} enqueued nothing: {_error(payload)}."


def _unnamed(payload: Payload) -> str:
    return (
        f"This worker has the default group {payload['group']!r}: another application with the "
        "default takes its jobs, and fires no recurring task while this one does. Set "
        "kafka.client_id to the application's name."
    )


def _unserved(payload: Payload) -> str:
    who, queue = payload["named_by"], payload["queue"]
    names = "names" if len(who) == 1 else "name"
    return (
        f"No worker of this group serves the queue {queue}, which {', '.join(who)} {names}: their "
        "jobs wait. Declare it with app.job_topic(...), or start a worker for it with -q."
    )


def _contended(payload: Payload) -> str:
    return (
        f"The queue {payload['queue']} is read by other consumer groups as well "
        f"({', '.join(payload['groups'])}): each performs all of its jobs. If these belong to "
        "another application, give the queues of each a prefix: queue_name_prefix."
    )


def _crowded(payload: Payload) -> str:
    return (
        f"This worker reads {counted(payload['partitions'], 'partition')} of "
        f"{counted(payload['queues'], 'queue')}; above {payload['most']:,} partitions it takes "
        "minutes to start, to stop and to come to a job. Give the queues fewer partitions, or "
        "divide them among workers with -q or --include-topic."
    )


def _unfired(payload: Payload) -> str:
    return (
        f"Another process of the group {payload['group']!r} fires its recurring tasks, and does "
        f"not declare {', '.join(payload['tasks'])}: not fired while it runs. If it is an older "
        "version, stop it; if it is another application, give each a kafka.client_id of its own."
    )


def _schedule(payload: Payload) -> str:
    return f"{payload['topic']}[{payload['partition']}]"


def _loaded(payload: Payload) -> str:
    waiting = payload["waiting"]
    if not waiting:
        return NOTHING
    wait = "waits for its" if waiting == 1 else "wait for their"
    return f"{counted(waiting, 'job')} in {_schedule(payload)} {wait} time."


def _cannot_leave(payload: Payload) -> str:
    return (
        f"{_schedule(payload)}@{payload['offset']} cannot wait there, or leave: {_error(payload)}."
    )


def _repaired(payload: Payload) -> str:
    return (
        f"{payload['path']}: the file was damaged by an earlier version, which could give an "
        f"offset out twice; mended in {counted(payload['partitions'], 'partition')}. Jobs that "
        "were refused with 'UNIQUE constraint failed' are not stored."
    )


def _gone(payload: Payload) -> str:
    count, source = payload["count"], payload["source"]
    were = "was" if count == 1 else "were"
    return (
        f"{counted(count, 'record')} of {source.topic}[{source.partition}] {were} deleted before "
        f"the group {payload['group']!r} had read them: it was at offset {payload['position']}, "
        f"the first that is left is {payload['first']}. Give the topic a longer retention.ms."
    )


def _repeated(payload: Payload) -> str:
    count, source = payload["count"], payload["source"]
    return (
        f"The group {payload['group']!r} was at offset {payload['position']} of "
        f"{source.topic}[{source.partition}], which does not reach so far: it reads "
        f"{counted(count, 'record')} again, from offset {payload['first']} on. Was the topic made "
        f"anew, or restored?"
    )


#: Event -> level, and the payload to the words.
WORKER: dict[str, tuple[int, Callable[[Payload], str]]] = {
    "log.assumed": (logging.WARNING, _log_assumed),
    "worker.started": (logging.INFO, _started),
    "group.unnamed": (logging.WARNING, _unnamed),
    "queue.unserved": (logging.WARNING, _unserved),
    "queue.contended": (logging.WARNING, _contended),
    "recurring.unfired": (logging.WARNING, _unfired),
    "worker.crowded": (logging.WARNING, _crowded),
    "worker.quieted": (logging.INFO, lambda p: "The worker takes no new jobs."),
    "worker.stopping": (logging.INFO, lambda p: "The worker is stopping."),
    "worker.stopped": (logging.INFO, _stopped),
    "process.started": (logging.INFO, lambda p: f"Process {p['index']} started: {p['pid']}."),
    "process.hanging": (
        logging.ERROR,
        lambda p: (
            f"Process {p['index']} ({p['pid']}) has not shown itself for {p['seconds']:.0f} s, and "
            f"is killed."
        ),
    ),
    "process.replaced": (
        logging.WARNING,
        lambda p: (
            f"Process {p['index']} ({p['pid']}) ended with status {p['status']} and is replaced."
        ),
    ),
    "partitions.assigned": (logging.INFO, _moved("Partitions came")),
    "partitions.revoked": (logging.INFO, _moved("Partitions left")),
    "partitions.lost": (logging.WARNING, _moved("Partitions were taken away")),
    "records.gone": (logging.ERROR, _gone),
    "records.repeated": (logging.ERROR, _repeated),
    "job.failed": (logging.ERROR, _failed),
    "job.abandoned": (
        logging.WARNING,
        lambda p: (
            f"{p['job']} at {_at(p)} failed after its partition had gone to another worker, which "
            f"performs it: {_error(p)}."
        ),
    ),
    "job.skipped": (
        logging.INFO,
        lambda p: f"{p['job']} at {_at(p)} was left out: {p['why']}.",
    ),
    "consumer.failed": (
        logging.ERROR,
        lambda p: (
            f"{p['consumer']}.{p['hook']} of {p['source'].topic}[{p['source'].partition}] failed: "
            f"{_error(p)}."
        ),
    ),
    "job.unhandled": (logging.ERROR, lambda p: f"A job failed and is lost: {_error(p)}."),
    "dead_letter.dispatched": (logging.ERROR, _moved_aside),
    "dead_letter.dropped": (logging.ERROR, _dropped),
    "dead_letter.hook_failed": (logging.ERROR, _hook_failed),
    "recurring.fired": (logging.INFO, _fired),
    "recurring.failed": (logging.ERROR, _not_fired),
    "schedule.loaded": (logging.INFO, _loaded),
    "schedule.dispatched": (
        logging.DEBUG,
        lambda p: f"{counted(p['count'], 'job')} left {_schedule(p)}: their time had come.",
    ),
    "schedule.failed": (logging.ERROR, _cannot_leave),
    "partitioner.failed": (
        logging.ERROR,
        lambda p: (
            f"The partitioner of {p['source'].topic} failed, and a batch is worked off in order: "
            f"{_error(p)}."
        ),
    ),
    "producer.failed": (logging.ERROR, lambda p: f"{p['error']}"),
    "producer.undelivered": (logging.ERROR, _undelivered),
    "executor.failed": (
        logging.ERROR,
        lambda p: f"An executor failed, and the worker stops: {_error(p)}.",
    ),
    "thread.died": (
        logging.ERROR,
        lambda p: f"The thread {p['thread']} has ended, and the worker stops: {_error(p)}.",
    ),
    "listener.fenced": (
        logging.ERROR,
        lambda p: (
            f"Another process has this one's group.instance.id; this one stops, with exit status "
            f"1. Give each process an id of its own. {_error(p)}."
        ),
    ),
    "listener.failed": (
        logging.ERROR,
        lambda p: f"The listener failed and starts anew in {p['retry_in']:g} s: {_error(p)}.",
    ),
    "log.repaired": (logging.WARNING, _repaired),
    "broker.error": (logging.WARNING, lambda p: f"{_error(p)}"),
    "current_attributes.unknown": (logging.WARNING, _unknown_attributes),
}
