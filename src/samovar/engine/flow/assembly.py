"""A topic's settings put together: may a job begin, and when one failed, what now?"""

from __future__ import annotations

from collections.abc import Iterator

from samovar.broker.port import TopicPartition
from samovar.engine.flow import backoff, dead_letter
from samovar.engine.flow.decisions import DeadLetter, Decision, Drop, Retry, Stop
from samovar.engine.flow.stages import Gate, Stage
from samovar.engine.performer import GivenUpError, PoisonError
from samovar.engine.routing.recovery import Verdict
from samovar.engine.routing.topic import Topic

#: Errors that concern the process: it stops, and the job runs again elsewhere.
CRITICAL = (SystemExit, KeyboardInterrupt, MemoryError)
#: Errors after which another try by itself cannot help.
HOPELESS = (PoisonError, GivenUpError)
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
        "dead_letter_queue.transactional",
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


def recover(
    topic: Topic, error: BaseException, attempt: int, verdict: Verdict | None = None
) -> Decision:
    """What to do after the `attempt`-th failure in a row (counted from 1) of one record; `verdict`
    is what the topic's strategy says, if it has one.
    """
    if isinstance(error, CRITICAL):
        return Stop()
    queue = topic.dead_letter_queue
    is_poison = isinstance(error, PoisonError)
    if queue is None or queue.topic is None:
        is_over = is_poison
    elif verdict is not None:
        is_over = is_poison or verdict != "retry"
    else:
        is_over = isinstance(error, HOPELESS) or dead_letter.is_exhausted(queue, attempt)
    if not is_over:
        return Retry(backoff.wait_seconds(topic.pause, attempt))
    # What broke this job may break the next one too: it begins after one more wait.
    after = 0.0 if isinstance(error, HOPELESS) else backoff.wait_seconds(topic.pause, 0)
    target = dead_letter.target(topic, verdict)
    return Drop(after) if target is None else DeadLetter(target, after)


def gate(topic: Topic, source: TopicPartition) -> Gate | None:
    """What asks before each job of a partition that has just come; None: every job may begin.

    The order is that of asking.
    """
    stages: list[Stage] = []
    return Gate(stages) if stages else None
