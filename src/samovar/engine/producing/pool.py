"""The producers of one log in this process: the usual one, and one for each way of sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from samovar import events
from samovar.broker.port import NO_CONFIG, Barrier, Producer
from samovar.errors import ProducerClosedError
from samovar.support import clock

#: How long what an ending process sends may take to be delivered, in seconds.
LAST_SECONDS = 10.0


class ProducerPool:
    """Makes producers when they are asked for, and keeps them; a `Deliveries` of them all.

    Any thread may use it. It has no lock, which a fork could leave closed for ever: of two
    producers made at once one is never used, and so never connects.
    """

    def __init__(self, make: Callable[[Mapping[str, Any]], Producer]) -> None:
        self._make = make
        self._producers: dict[frozenset[tuple[str, Any]], Producer] = {}
        #: Whether nothing may be sent any more.
        self.is_closed = False
        #: Whether the process is ending: what is sent is waited for, since nobody will later.
        self.delivers_each = False

    def check(self) -> None:
        """See that it is open.

        Raises:
            ProducerClosedError: it is not.
        """
        if self.is_closed:
            raise ProducerClosedError(
                "The application was closed, and its producers with it: nothing was sent. "
                "Close it after the last use, or use app.flush() to wait for what is on its way."
            )

    @property
    def usual(self) -> Producer:
        """The one that everything goes through that asks for nothing else."""
        return self.producer(NO_CONFIG)

    def producer(self, topic_config: Mapping[str, Any]) -> Producer:
        """The one that sends as `topic_config` says: the same for the same words.

        Raises:
            ConfigurationError: the log's settings refuse it.
            ProducerClosedError: they are all closed, and this one was never made.
        """
        key = frozenset(topic_config.items())
        found = self._producers.get(key)
        if found is None:
            self.check()
            found = self._producers.setdefault(key, self._make(topic_config))
        return found

    def barrier(self) -> Barrier:
        """A mark behind everything produced so far, by any of them."""
        producers = list(self._producers.values())
        if len(producers) == 1:
            return producers[0].barrier()
        return _Barriers([producer.barrier() for producer in producers])

    def flush(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for outstanding records; how many are still out."""
        return self._each(lambda producer, left: producer.flush(left), timeout)

    def deliver(self, timeout: float, *, lost: int = 0) -> int:
        """Flush, and report what is not delivered, with the `lost` that never were handed over; how
        many records those are.
        """
        undelivered = lost + self.flush(timeout)
        if undelivered:
            events.announce("producer.undelivered", count=undelivered)
        return undelivered

    def close(self, timeout: float) -> int:
        """Flush and let go for good; how many records were not delivered."""
        self.is_closed = True
        return self._each(lambda producer, left: producer.close(left), timeout)

    def _each(self, end: Callable[[Producer, float], int], timeout: float) -> int:
        until = clock.monotonic() + timeout
        return sum(
            end(producer, max(0.0, until - clock.monotonic()))
            for producer in list(self._producers.values())
        )


class _Barriers:
    """Passed when each of several is."""

    def __init__(self, barriers: list[Barrier]) -> None:
        self._barriers = barriers

    @property
    def passed(self) -> bool:
        self._barriers = [barrier for barrier in self._barriers if not barrier.passed]
        return not self._barriers
