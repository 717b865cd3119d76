"""`@kafka_options`: what a job class tells the log about its jobs.

A class keeps what it declared itself; its parents' options are merged in when a job is enqueued.
What comes of them for one job travels as the hints of its `EnqueueRequest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, TypeVar, Unpack, get_args

from samovar.broker import topic_names
from samovar.errors import ArgumentError, MessageInvalidError
from samovar.job.hashes import bare
from samovar.job.job_data import NO_HINTS
from samovar.job.state import JobState
from samovar.support.wording import check_options, nearest

C = TypeVar("C", bound=Callable[..., Any])
DispatchMethod = Literal["produce_async", "produce_sync"]
DispatchManyMethod = Literal["produce_many_async", "produce_many_sync"]
KeyType = Literal["key", "partition_key", "partition"]


class Hints(TypedDict, total=False):
    """What a job's options come to; what is absent is left to the log."""

    #: The record's key.
    key: bytes
    #: What chooses the partition, without being stored.
    partition_key: bytes
    #: The partition itself.
    partition: int
    dispatch_method: DispatchMethod
    dispatch_many_method: DispatchManyMethod
    #: The logical name of the topic in which the job waits for its time.
    scheduled_messages_topic: str
    #: Gives the producer that this job goes through; not asked by adapters that have none.
    producer: Callable[[], Any]


class Options(TypedDict, total=False):
    """What `kafka_options` takes."""

    dispatch_method: DispatchMethod | None
    dispatch_many_method: DispatchManyMethod | None
    partitioner: Callable[[Any], object] | None
    partition_key_type: KeyType | None
    scheduled_messages_topic: str | None
    producer: Callable[[Any], object] | None


def kafka_options(**options: Unpack[Options]) -> Callable[[C], C]:
    """Decorate a job class, or a function that `@job` has made a job of, with how its jobs are
    sent. A subclass has its parents' options but for those it sets itself; None takes one back.

    ```python
    @kafka_options(partitioner=lambda job: job.arguments[0])
    class UpdateUserJob(Job):
        def perform(self, user_id: int) -> None: ...
    ```

    Args:
        dispatch_method: ``"produce_async"`` (default), or ``"produce_sync"``: `perform_later`
            returns when the log has stored the job, and raises when it has not.
        dispatch_many_method: ``"produce_many_async"`` (default) or ``"produce_many_sync"``: the
            same for bulks.
        partitioner: A function of the job. Jobs for which it gives the same value go to the same
            partition, and so keep their order; None leaves it to the log.
        partition_key_type: What the value is: ``"key"`` (default), the record's key, as text;
            ``"partition_key"``, which chooses the same partition but is not stored; or
            ``"partition"``, the number of the partition itself.
        scheduled_messages_topic: Where its jobs wait for their time, by the topic's logical name.
        producer: A function of the job that gives a producer, such as a variant of
            `app.producer`.

    Raises:
        TypeError: there is no such option.
        ArgumentError: a value is of no use, or what is decorated is no job.
    """
    check_options("kafka_options", options, tuple(_DEFAULTS))
    for name, value in options.items():
        if value is not None:
            _check(name, value)

    def decorate(decorated: C) -> C:
        cls = _job_class(decorated)
        setattr(cls, _OWN, {**cls.__dict__.get(_OWN, {}), **options})
        cls.make_hints = _make_hints
        _PLANS.clear()
        return decorated

    return decorate


#: Where a class keeps its own options; parents keep theirs.
_OWN = "_samovar_kafka_options"
_DEFAULTS: Mapping[str, Any] = {
    "dispatch_method": "produce_async",
    "dispatch_many_method": "produce_many_async",
    "partitioner": None,
    "partition_key_type": "key",
    "scheduled_messages_topic": None,
    "producer": None,
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "dispatch_method": get_args(DispatchMethod),
    "dispatch_many_method": get_args(DispatchManyMethod),
    "partition_key_type": get_args(KeyType),
}
#: What is the same for all jobs of a class, and so its own hint.
_FIXED = ("dispatch_method", "dispatch_many_method", "scheduled_messages_topic")


@dataclass(frozen=True, slots=True)
class _Plan:
    """The options of a class and its parents, ready to be applied to a job."""

    #: The hints that all its jobs have.
    fixed: Mapping[str, Any]
    partitioner: Callable[[Any], Any] | None
    key_type: KeyType
    producer: Callable[[Any], Any] | None


#: Worked out at a class's first job; forgotten whenever a class is decorated.
_PLANS: dict[type, _Plan] = {}


def options_of(cls: type) -> Mapping[str, Any]:
    """All six options of a job class, its parents' and the defaults merged in."""
    merged: dict[str, Any] = {}
    for parent in reversed(cls.__mro__):
        merged |= parent.__dict__.get(_OWN, {})
    return {**_DEFAULTS, **{name: value for name, value in merged.items() if value is not None}}


def _make_hints(job: JobState) -> Mapping[str, Any]:
    plan = _PLANS.get(type(job)) or _plan(type(job))
    partitioner, producer = plan.partitioner, plan.producer
    value = None if partitioner is None else partitioner(job)
    if value is None and producer is None:
        return plan.fixed
    hints = dict(plan.fixed)
    if value is not None:
        hints[plan.key_type] = _checked_key(value, plan.key_type, job)
    if producer is not None:
        hints["producer"] = lambda: producer(job)
    return hints


def _plan(cls: type) -> _Plan:
    options = options_of(cls)
    fixed = {name: options[name] for name in _FIXED if options[name] != _DEFAULTS[name]}
    plan = _Plan(
        fixed or NO_HINTS,
        options["partitioner"],
        options["partition_key_type"],
        options["producer"],
    )
    _PLANS[cls] = plan
    return plan


def _checked_key(value: Any, key_type: KeyType, job: JobState) -> bytes | int:
    if key_type == "partition":
        if type(value) is int and value >= 0:
            return value
        expected = "the number of a partition, from 0 up"
    else:
        expected = "something that is not empty, or None for no key"
        try:
            key = value if isinstance(value, bytes) else bare(value).encode()
        except UnicodeEncodeError:
            key, expected = b"", "text that UTF-8 has characters for, without halves of such"
        if key:
            return key
    raise MessageInvalidError(
        f"The partitioner of {type(job).__name__} gave {value!r:.80}; with partition_key_type "
        f"{key_type!r} expected {expected}."
    )


def _check(name: str, value: Any) -> None:
    if name in _CHOICES:
        known = _CHOICES[name]
        if value not in known:
            meant = nearest(value, known) if isinstance(value, str) else None
            hint = f"did you mean {meant!r}? Expected" if meant else "expected"
            raise ArgumentError(
                f"kafka_options: {name} is {value!r}; {hint} {' or '.join(map(repr, known))}."
            )
    elif name == "scheduled_messages_topic":
        if not topic_names.is_legal(value):
            raise ArgumentError(
                f"kafka_options: {name} is {value!r:.80}; expected the name of a topic: 1 to 249 "
                "letters, digits, dots, dashes, underscores."
            )
    elif not callable(value):
        raise ArgumentError(
            f"kafka_options: {name} is {value!r}; expected a function of the job, "
            f"such as {_EXAMPLES[name]}."
        )


_EXAMPLES = {
    "partitioner": "lambda job: job.arguments[0]",
    "producer": 'lambda job: app.producer.variant(topic_config={"acks": "all"})',
}


def _job_class(decorated: object) -> type[JobState]:
    cls = decorated if isinstance(decorated, type) else getattr(decorated, "job_class", None)
    if isinstance(cls, type) and issubclass(cls, JobState):
        return cls
    raise ArgumentError(
        f"kafka_options decorates a job class, or a function that @job has made a job of, found "
        f"{decorated!r}; put it above @job."
    )
