"""A topic's settings put together: may a job begin, and when one failed, what now?"""

from __future__ import annotations

from collections.abc import Iterator

from samovar.broker.port import TopicPartition
from samovar.engine.flow import backoff, dead_letter
from samovar.engine.flow.decisions import DeadLetter, Decision, Retry, Stop
from samovar.engine.flow.stages import Gate, Stage
from samovar.engine.performer import GivenUpError, PoisonError
from samovar.engine.routing.topic import Topic

#: Errors that concern the process: it stops, and the job runs again elsewhere.
CRITICAL = (SystemExit, KeyboardInterrupt, MemoryError)
#: Settings that a route may name before their feature is there; its feature takes each out.
NOT_BUILT = frozenset(
    {
        "max_wait_time",
        "initial_offset",
        "kafka",
        "long_running",
        "virtual_partitions",
        "throttle",
        "delay_by",
        "expire_in",
        "filters",
        "ordering",
        "share_group",
        "dead_letter_queue.strategy",
        "dead_letter_queue.transactional",
        "dead_letter_queue.enhance",
    }
)


def refusals(topic: Topic) -> Iterator[str]:
    """Why these settings, each right by itself, cannot be had, or not together."""
    plain = Topic(name=topic.name)
    for place in sorted(NOT_BUILT):
        name, _, inner = place.partition(".")
        chosen, default = getattr(topic, name), getattr(plain, name)
        is_used = bool(getattr(chosen, inner, None)) if inner else chosen != default
        if is_used:
            yield f"{place} is not there yet in this version; leave it out."
    if topic.dead_letter_queue is not None and not topic.dead_letter_queue.topic:
        yield "a dead letter queue without a topic is not there yet in this version."


def recover(topic: Topic, error: BaseException, attempt: int) -> Decision:
    """What to do after the `attempt`-th failure in a row (counted from 1) of one record."""
    if isinstance(error, CRITICAL):
        return Stop()
    if isinstance(error, PoisonError):
        return DeadLetter(topic.poison_topic)
    queue, dead = topic.dead_letter_queue, topic.dead_letter_topic
    if queue and dead and isinstance(error, GivenUpError):
        return DeadLetter(dead)
    if queue and dead and dead_letter.is_exhausted(queue, attempt):
        # What broke this job may break the next one too: it begins after one more wait.
        return DeadLetter(dead, after=backoff.wait_seconds(topic.pause, 0))
    return Retry(backoff.wait_seconds(topic.pause, attempt))


def gate(topic: Topic, source: TopicPartition) -> Gate | None:
    """What asks before each job of a partition that has just come; None: every job may begin.

    The order is that of asking.
    """
    stages: list[Stage] = []
    return Gate(stages) if stages else None
