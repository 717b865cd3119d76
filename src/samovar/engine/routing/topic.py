"""A topic as the application declares it: where its jobs lie, and how they are treated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Protocol

from samovar.broker.port import Record, TopicSpec
from samovar.engine.routing.lanes import Ordering, VirtualPartitions
from samovar.engine.routing.pace import Throttle
from samovar.engine.routing.recovery import BY_STRATEGY, DeadLetterQueue, Pause
from samovar.support.conversion import PositiveSeconds, at_least

#: Partitions of a topic that Samovar creates, unless its route says otherwise.
DEFAULT_PARTITIONS = 8
#: No topic may be declared with more: a slip of the keyboard must not fill the log.
MAX_PARTITIONS = 100_000


class Filter(Protocol):
    """A user's own stage: decides about the records of one partition while a worker holds it.

    Asked by one thread at a time, just before a record's job would be performed, and again before
    each retry. An error counts as the job's failure: it backs off, and is asked about again.
    """

    def admit(self, record: Record, now: float) -> Any:
        """`Admit`, `Skip` or `Hold`; `now` is in seconds since the epoch."""
        ...


#: Makes the filter of a partition when it is asked first: ``factory(topic, partition)``, with the
#: real name and the number.
FilterFactory = Callable[[str, int], Filter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of one consumer group, with its settings."""

    #: The real name; of a pattern, what it was made from.
    name: str
    #: Set when this stands for all topics whose real name it matches as a whole.
    pattern: re.Pattern[str] | None = None
    #: The consumer group; None is the application's own.
    group: str | None = None
    #: The subscription group that was declared around it: a connection of its own.
    subscription: str = ""
    #: Connections that share the subscription group's partitions.
    copies: int = 1
    #: Partitions that are read outside the group's sharing out; True is all.
    assign: tuple[int, ...] | bool = False
    partitions: Annotated[int, at_least(1, MAX_PARTITIONS)] = DEFAULT_PARTITIONS
    #: Whether the route says how many; if not, a topic that is there keeps what it has.
    has_partitions: bool = False
    #: None is the broker's default.
    replication_factor: Annotated[int, at_least(1)] | None = None
    #: The broker's own settings for the topic.
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Jobs that a thread takes at a time before it looks at other partitions.
    max_messages: Annotated[int, at_least(1)] = 100
    #: Longest wait of one poll, in seconds; it ends as soon as there is a record.
    max_wait_time: PositiveSeconds = 1.0
    #: Where a group begins that has committed nothing.
    initial_offset: Literal["earliest", "latest"] = "earliest"
    #: librdkafka's properties of the consumer of this topic, over those of the settings.
    kafka: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: With real topic name; None retries for ever.
    dead_letter_queue: DeadLetterQueue | None = None
    pause: Pause = field(default_factory=Pause)
    #: False: known, but not consumed.
    active: bool = True
    #: Whether nothing is fetched behind a job while it runs.
    long_running: bool = False
    virtual_partitions: VirtualPartitions | None = None
    throttle: Throttle | None = None
    #: Seconds that a record must be old before it is performed.
    delay_by: PositiveSeconds | None = None
    #: Seconds after which a record is dropped.
    expire_in: PositiveSeconds | None = None
    #: The user's own stages, in order.
    filters: tuple[FilterFactory, ...] = ()
    ordering: Ordering = "partition"
    #: Whether a share group of Kafka (KIP-932) hands out the records, one by one.
    share_group: bool = False
    #: A plain topic: makes what works on its records (a `Consumer`). None: they are jobs.
    consumer: Callable[[], Any] | None = None
    #: A plain topic: turns a `Message` into its payload; None reads JSON.
    deserializer: Callable[[Any], Any] | None = None
    #: A plain topic: whether only the consumer marks, and never the end of a batch.
    manual_marks: bool = False
    #: A plain topic: the consumer's `tick` is called after this many seconds without work, and
    #: again after as many.
    periodic: PositiveSeconds | None = None
    #: Whether the application drew it, or it was assumed for a queue that a job names.
    declared: bool = True

    def matches(self, real_name: str) -> bool:
        """Whether this is the topic of that name, or a pattern that finds it."""
        if self.pattern is None:
            return real_name == self.name
        # What failed in a topic that was found must not be found in its turn.
        return bool(self.pattern.fullmatch(real_name)) and not real_name.endswith(DEAD_SUFFIX)

    def called(self, real_name: str) -> Topic:
        """The topic of that name, with the settings of the pattern that found it."""
        return self if self.pattern is None else replace(self, name=real_name, pattern=None)

    @property
    def poison_topic(self) -> str:
        """Where records go that are no jobs."""
        return self.dead_letter_topic or dead_name(self.name)

    @property
    def dead_letter_topic(self) -> str | None:
        """The topic of its dead letters, if it has just one."""
        queue = self.dead_letter_queue
        return queue.topic or None if queue and queue.topic != BY_STRATEGY else None

    @property
    def specs(self) -> tuple[TopicSpec, ...]:
        """What must exist in the broker: the topic and its declared dead letter topic. Of a pattern
        only the latter."""
        own = TopicSpec(
            name=self.name,
            partitions=self.partitions,
            replication_factor=self.replication_factor,
            config=self.config,
        )
        found = (own,) if self.pattern is None else ()
        if self.dead_letter_topic is None or not self.declared:
            return found
        dead = TopicSpec(
            name=self.dead_letter_topic,
            partitions=self.partitions,
            replication_factor=self.replication_factor,
            is_dead_letter=True,
        )
        return (*found, dead)


def dead_name(queue: str) -> str:
    """The dead letter topic of a queue that names none."""
    return f"{queue}{DEAD_SUFFIX}"


DEAD_SUFFIX = "_dead"
