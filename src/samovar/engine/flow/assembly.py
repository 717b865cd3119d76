"""A topic's settings put together: may a job begin, and when one failed, what now?"""

from __future__ import annotations

from collections.abc import Iterator

from samovar.broker.port import TopicPartition
from samovar.engine.flow import backoff, dead_letter
from samovar.engine.flow.decisions import DeadLetter, Decision, Drop, Retry, Stop
from samovar.engine.flow.delaying import Delaying
from samovar.engine.flow.expiry import Expiry
from samovar.engine.flow.filtering import Filtering
from samovar.engine.flow.stages import Gate, Stage
from samovar.engine.flow.throttling import Throttling
from samovar.engine.routing.recovery import StrategyAnswer
from samovar.engine.routing.topic import Topic
from samovar.job.outcome import Failure, GivenUp, Poison
from samovar.support import raised

#: Errors that concern the process: it stops, and the job runs again elsewhere.
CRITICAL = (SystemExit, KeyboardInterrupt, MemoryError)
#: Settings that cannot be had together, and why not.
CLASHES = {
    ("ordering", "virtual_partitions"): "each says what runs side by side; leave one out",
    ("consumer", "virtual_partitions"): "a consumer works on whole batches; leave one out",
    ("consumer", "ordering"): "a consumer works on whole batches; leave ordering out",
    ("consumer", "share_group"): "a consumer works on whole batches; leave share_group out",
    ("share_group", "ordering"): "a share group keeps no order; leave ordering out",
    ("share_group", "virtual_partitions"): "a share group keeps no order; leave one out",
    ("share_group", "delay_by"): "records of a share group cannot be held; leave one out",
    ("share_group", "throttle"): "records of a share group cannot be held; leave one out",
    ("share_group", "filters"): "records of a share group cannot be held; leave one out",
    ("share_group", "long_running"): "a share group has no partition to pause; leave one out",
}


def refusals(topic: Topic) -> Iterator[str]:
    """Why these settings, each right by itself, cannot be had, or not together."""
    plain = Topic(name=topic.name)
    for (one, other), why in CLASHES.items():
        if all(getattr(topic, name) != getattr(plain, name) for name in (one, other)):
            yield f"{one} and {other}: {why}."
    if topic.delay_by and topic.expire_in and topic.expire_in <= topic.delay_by:
        yield (
            f"delay_by and expire_in: no job is younger than {topic.delay_by:g} s when it may "
            f"begin, and each older than {topic.expire_in:g} s is dropped; make expire_in longer."
        )
    if topic.consumer is None and (topic.manual_marks or topic.deserializer or topic.periodic):
        yield (
            "manual_marks, deserializer and periodic are for topics with a consumer; jobs need "
            "none of them."
        )
    queue = topic.dead_letter_queue
    if queue is not None and topic.virtual_partitions is not None and queue.max_retries < 1:
        yield (
            "virtual_partitions and dead_letter_queue.max_retries=0: the first retry brings the "
            "failed jobs back into order; expected 1 or more."
        )
    if queue is not None and queue.transactional and not _is_one_by_one(topic):
        yield (
            "dead_letter_queue.transactional moves one position with each copy: it goes with "
            "ordering='partition' and partitions that a group shares out; leave it out."
        )
    if queue is not None and topic.virtual_partitions is not None and not queue.independent:
        yield (
            "virtual_partitions and dead_letter_queue.independent=False: jobs that run side by "
            "side have retries of their own; leave independent out."
        )
    if queue is not None and topic.ordering != "partition" and not queue.independent:
        yield (
            f"ordering={topic.ordering!r} and dead_letter_queue.independent=False: jobs that run "
            f"side by side have retries of their own; leave independent out."
        )
    if queue is not None and topic.share_group and not queue.independent:
        yield (
            "share_group and dead_letter_queue.independent=False: each job is handed out by itself "
            "and has retries of its own; leave independent out."
        )


def _is_one_by_one(topic: Topic) -> bool:
    """Whether the position of a partition moves record by record, as one member's."""
    shares = topic.virtual_partitions is not None or topic.share_group or topic.assign
    return topic.ordering == "partition" and not shares


def recover(
    topic: Topic, failure: Failure, attempt: int, answer: StrategyAnswer | None = None
) -> Decision:
    """What to do after the `attempt`-th failure in a row (counted from 1) of one record; `answer`
    is what the topic's strategy says, if it has one.
    """
    if raised.is_a(failure.error, CRITICAL):
        return Stop()
    queue = topic.dead_letter_queue
    is_poison = isinstance(failure, Poison)
    is_hopeless = is_poison or isinstance(failure, GivenUp)
    if queue is None or queue.topic is None:
        is_over = is_poison
    elif answer is not None:
        is_over = is_poison or answer != "retry"
    else:
        is_over = is_hopeless or dead_letter.is_exhausted(queue, attempt)
    if not is_over:
        return Retry(backoff.wait_seconds(topic.pause, attempt))
    # What broke this job may break the next one too: it begins after one more wait.
    after = 0.0 if is_hopeless else backoff.wait_seconds(topic.pause, 0)
    target = dead_letter.target(topic, answer)
    return Drop(after) if target is None else DeadLetter(target, after)


def gate(topic: Topic, source: TopicPartition) -> Stage | None:
    """What is asked before each job of a partition that has just come; None: every job may begin.

    The order of its stages is that of asking.
    """
    stages: list[Stage] = []
    # What drops a record comes before what makes it wait, and what counts records comes last.
    if topic.expire_in is not None:
        stages.append(Expiry(topic.expire_in))
    stages += [Filtering(factory, source) for factory in topic.filters]
    if topic.delay_by is not None:
        stages.append(Delaying(topic.delay_by))
    if topic.throttle is not None:
        stages.append(Throttling(topic.throttle.limit, topic.throttle.seconds))
    return Gate(stages) if len(stages) > 1 else next(iter(stages), None)
