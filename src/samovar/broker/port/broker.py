"""One log: what it can do, and its producers, consumers and admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from samovar.broker.port.admin import Admin
from samovar.broker.port.consumer import PLAIN, Consumer, ConsumerOptions
from samovar.broker.port.producer import NO_CONFIG, AtomicProducer, Producer
from samovar.broker.port.shares import ShareConsumer


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a broker can do; known without a connection."""

    #: Whether it keeps records until they are due: `NewRecord.due_ns` and `schedule_key`.
    schedules: bool
    #: Whether it has consumer groups, which keep positions and share out partitions.
    has_groups: bool
    #: Whether it has share groups.
    has_share_groups: bool


class Broker(Protocol):
    """Makes producers, consumers and admins of one log. Cheap to make; connects on first use."""

    @property
    def traits(self) -> Traits:
        """What this broker can do."""
        ...

    def producer(
        self, *, patient: bool = False, topic_config: Mapping[str, Any] = NO_CONFIG
    ) -> Producer:
        """A new producer. A patient one never gives up a record while its process lives: a
        worker's commits wait for what its jobs enqueued, however long the broker is away.

        `topic_config` says how its records are sent, where the broker has a choice; its names
        are listed in `samovar.broker.topic_config`.
        """
        ...

    def atomic_producer(self, name: str, *, patience: float = 60.0) -> AtomicProducer:
        """A new producer of that name; its first write fences earlier ones. What a killed process
        left open is undone then, or after `patience` seconds; until then it may block readers of
        the topics.
        """
        ...

    def consumer(self, group: str, options: ConsumerOptions = PLAIN) -> Consumer:
        """A new member for `group`; it joins when it subscribes.

        Raises:
            ConfigurationError: the options are wrong.
        """
        ...

    def share_consumer(self, group: str, options: ConsumerOptions, records: int) -> ShareConsumer:
        """A new member for the share group `group`, which asks for `records` records at a time.

        Raises:
            ConfigurationError: the options are wrong, or there are no share groups here.
        """
        ...

    def consumer_faults(self, options: ConsumerOptions, *, shares: bool = False) -> Sequence[str]:
        """What is wrong with these options, one sentence for each fault; asks no server. `shares`:
        they are for a share group.
        """
        ...

    def admin(self) -> Admin:
        """A new admin."""
        ...
