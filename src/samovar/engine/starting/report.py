"""What a worker says at its start: what becomes of the jobs of each queue, and which it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from samovar.engine.routing import job_classes
from samovar.engine.routing.topic import Topic
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving
from samovar.recurring.task import RecurringTasks


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedQueue:
    """A queue as this worker serves it, in words."""

    #: The real name, or a pattern that finds no topic yet.
    name: str
    #: The consumer group.
    group: str
    #: As many as there are; None where there is no topic yet.
    partitions: int | None
    #: What is kept in order.
    ordering: str
    #: What becomes of a job that keeps failing.
    failures: str


def served(serving: Serving, topics: Topics) -> list[ServedQueue]:
    """Each queue that a worker serves.

    Raises:
        BrokerError: the log could not be asked.
    """
    counts = topics.counts()
    rows: list[ServedQueue] = []
    for subscription in serving.subscriptions:
        names = serving.names(subscription)
        found = [(name, serving.topic(subscription, name)) for name in names]
        waiting = [
            (f"topics like {topic.name}", topic)
            for topic in subscription.topics
            if topic.pattern is not None and not any(map(topic.matches, names))
        ]
        rows += [
            ServedQueue(
                name=name,
                group=subscription.group,
                partitions=counts.get(name),
                ordering=_ordering(topic),
                failures=_failures(topic),
            )
            for name, topic in (*found, *waiting)
        ]
    return sorted(rows, key=lambda row: (row.name, row.group))


def unserved(serving: Serving, tasks: RecurringTasks) -> Mapping[str, tuple[str, ...]]:
    """The queues that this worker does not serve though job classes or recurring tasks name them,
    with who does.
    """
    left: dict[str, list[str]] = {}
    for queue, who in _named(tasks):
        if not serving.serves(queue):
            left.setdefault(queue, []).append(who)
    return {queue: tuple(named_by) for queue, named_by in sorted(left.items())}


def _named(tasks: RecurringTasks) -> Iterator[tuple[str, str]]:
    for name, cls in job_classes.performable():
        if cls.queue_adapter is None and (queue := job_classes.queue_of(cls)):
            yield queue, name
    for task in tasks:
        cls = task.job_class
        own = cls.real_queue(task.queue) if task.queue else job_classes.queue_of(cls)
        if cls.queue_adapter is None and own:
            yield own, f"the recurring task {task.name}"


def _ordering(topic: Topic) -> str:
    if topic.share_group:
        return "none (share group)"
    if topic.virtual_partitions is not None:
        return "by virtual partition"
    return "none" if topic.ordering == "none" else f"by {topic.ordering}"


def _failures(topic: Topic) -> str:
    queue = topic.dead_letter_queue
    if queue is None or queue.topic is None:
        return "retried for ever"
    if queue.strategy is not None:
        return "as the strategy decides"
    retries = "1 retry" if queue.max_retries == 1 else f"{queue.max_retries} retries"
    return f"{retries}, then {f'to {queue.topic}' if queue.topic else 'dropped'}"
