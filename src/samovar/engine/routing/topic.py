"""A topic as the application draws it: where its jobs lie, and how they are treated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from samovar.broker.port import TopicSpec

#: Partitions of a topic that Samovar creates, unless its route says otherwise.
DEFAULT_PARTITIONS = 8


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """Where jobs go that failed for good: after `max_retries` retries, into `topic`."""

    #: The topic's logical name.
    topic: str
    #: How often a job is tried again before it goes there.
    max_retries: int = 3
    #: Whether each job has retries of its own (a success in between forgets the failures).
    independent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long a partition waits before a failed job is tried again, in seconds.

    The n-th retry waits ``timeout * 2 ** n`` when exponential (so 2, 4, 8, 16, 30, 30 ... by
    default), else `timeout`.
    """

    #: What the waits are made of.
    timeout: float = 1.0
    #: No wait is longer.
    max_timeout: float = 30.0
    #: Whether each wait is twice the one before.
    exponential: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of one consumer group, with its settings."""

    #: The real name.
    name: str
    partitions: int = DEFAULT_PARTITIONS
    #: None is the broker's default.
    replication_factor: int | None = None
    #: The broker's own settings for the topic.
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Jobs that a thread takes at a time before it looks at other partitions.
    max_messages: int = 100
    #: With real topic name; None retries for ever.
    dead_letter_queue: DeadLetterQueue | None = None
    pause: Pause = Pause()
    #: False: known, but not consumed.
    active: bool = True
    #: Whether the application drew it, or it was assumed for a queue that a job names.
    drawn: bool = True

    @property
    def poison_topic(self) -> str:
        """Where records go that are no jobs."""
        return self.dead_letter_queue.topic if self.dead_letter_queue else dead_name(self.name)

    @property
    def specs(self) -> tuple[TopicSpec, ...]:
        """What must exist in the broker: the topic, and the dead letter topic that was drawn."""
        own = TopicSpec(
            name=self.name,
            partitions=self.partitions,
            replication_factor=self.replication_factor,
            config=self.config,
        )
        if self.dead_letter_queue is None or not self.drawn:
            return (own,)
        dead = TopicSpec(
            name=self.dead_letter_queue.topic,
            partitions=self.partitions,
            replication_factor=self.replication_factor,
            is_dead_letter=True,
        )
        return (own, dead)


def dead_name(queue: str) -> str:
    """The dead letter topic of a queue that names none."""
    return f"{queue}{DEAD_SUFFIX}"


DEAD_SUFFIX = "_dead"
