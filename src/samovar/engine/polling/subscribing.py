"""How a listener tells its consumer what to read, at first and when that has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from samovar import events
from samovar.broker.port import Consumer, RebalanceListener, ShareConsumer, TopicPartition
from samovar.errors import BrokerError
from samovar.support import clock

T = TypeVar("T")

#: How often a listener whose topics depend on what there is looks again, in seconds.
DISCOVERY_SECONDS = 2.0


class Subscriber(Protocol):
    """Belongs to one consumer and is used by its thread only."""

    def follow(self, consumer: Consumer, listener: RebalanceListener) -> bool:
        """Tell the consumer what to read, if that has changed; whether there is anything."""
        ...


class Sharing:
    """Shares topics with the other members of the group."""

    def __init__(self, names: Callable[[], Sequence[str]], *, changes: bool) -> None:
        """`changes`: the names depend on which topics there are, and are asked again and again."""
        self._names = names
        self._changes = changes
        self._told: tuple[str, ...] = ()
        self._next_look = 0.0

    def follow(self, consumer: Consumer, listener: RebalanceListener) -> bool:
        """See `Subscriber`."""
        if news := self._news():
            consumer.subscribe(news, listener)
            self._told = news
        return bool(self._told)

    def follow_share(self, consumer: ShareConsumer) -> bool:
        """`follow`, for a member of a share group."""
        if news := self._news():
            consumer.subscribe(news)
            self._told = news
        return bool(self._told)

    def _news(self) -> tuple[str, ...]:
        """What to read from now on; empty when nothing has changed."""
        if self._told and (not self._changes or clock.monotonic() < self._next_look):
            return ()
        self._next_look = clock.monotonic() + DISCOVERY_SECONDS
        names = _looked_up(self._names, self._told)
        return names if names != self._told else ()


class Taking:
    """Takes the partitions that it was given, whoever else reads them."""

    def __init__(self, partitions: Callable[[], Sequence[TopicPartition]]) -> None:
        self._partitions = partitions
        self._told: tuple[TopicPartition, ...] = ()
        self._next_look = 0.0

    def follow(self, consumer: Consumer, listener: RebalanceListener) -> bool:
        """See `Subscriber`."""
        if clock.monotonic() < self._next_look:
            return bool(self._told)
        self._next_look = clock.monotonic() + DISCOVERY_SECONDS
        partitions = _looked_up(self._partitions, self._told)
        if partitions != self._told:
            consumer.assign(partitions, listener)
            self._told = partitions
        return bool(self._told)


def _looked_up(look: Callable[[], Sequence[T]], last: tuple[T, ...]) -> tuple[T, ...]:
    """What there is now; while the broker does not answer, what was there last."""
    try:
        return tuple(look())
    except BrokerError as error:
        if not last:
            raise
        events.announce("broker.error", error=error)
        return last
