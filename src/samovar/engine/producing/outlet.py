"""What the messages of a producer go out through; and another log, in place of any, for a while."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from samovar.broker.port import AtomicProducer, Producer
from samovar.engine.producing.buffer import Buffer
from samovar.engine.producing.destinations import Destinations, KnownTopics
from samovar.engine.producing.pool import ProducerPool
from samovar.engine.producing.transactions import AtomicStore
from samovar.engine.routing.routes import Routes


@dataclass(frozen=True, slots=True)
class Outlet:
    """What one `MessageProducer` sends with."""

    pool: ProducerPool
    atomic: AtomicStore
    destinations: Destinations
    #: What is kept until it is sent together.
    buffer: Buffer


class WritableLog(KnownTopics, Protocol):
    """What can be sent to, and knows its topics."""

    def producer(self, topic_config: Mapping[str, Any]) -> Producer:
        """A new producer that sends as `topic_config` says."""
        ...

    def atomic_producer(self, name: str) -> AtomicProducer:
        """A new producer of that name that stores all or nothing."""
        ...


class StandIn:
    """A log to which every `MessageProducer` of this process sends in place of its own, also one
    that was made before. So a test meets no broker, and all but the log is as ever.
    """

    def __init__(self, log: WritableLog) -> None:
        self.log = log
        self._pool = ProducerPool(log.producer)
        #: Stores the transactions.
        self.atomic = AtomicStore(log.atomic_producer, "stand-in")
        #: By the producer, as each keeps messages of its own.
        self._outlets: dict[object, Outlet] = {}

    def outlet_of(self, producer: object, own: Outlet) -> Outlet:
        """What this producer, whose own outlet is `own`, sends with meanwhile."""
        found = self._outlets.get(producer)
        return found or self._outlets.setdefault(producer, self.outlet(own.destinations.routes))

    def outlet(self, routes: Routes) -> Outlet:
        """A new outlet for producers of an application with these routes."""
        topics = Destinations(topics=self.log, routes=routes)
        return Outlet(self._pool, self.atomic, topics, Buffer())

    def end(self) -> None:
        """Whoever still has an outlet of this can send nothing any more."""
        self._pool.is_closed = True
        self.atomic.close()


#: Read on each use of a producer.
_stand_in: StandIn | None = None


def stand_in() -> StandIn | None:
    """What stands in for the log now."""
    return _stand_in


@contextmanager
def sent_to(log: WritableLog) -> Generator[StandIn, None, None]:
    """In the block, what producers of this process send goes to this log."""
    global _stand_in
    before, _stand_in = _stand_in, StandIn(log)
    try:
        yield _stand_in
    finally:
        _stand_in.end()
        _stand_in = before
