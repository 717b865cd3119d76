"""Keeps what a worker gives back from its own connections, which are about to end as well.

Connections that end one after the other would be handed it in turn, and let it go without having
looked at it: the next worker would take its job for one that kills processes. So a worker gives
back only when none of its connections can be handed anything any more.
"""

from __future__ import annotations

import threading

from samovar.support import clock

#: How long the broker may still answer a request of a connection that has ended, in seconds
#: (librdkafka's `fetch.wait.max.ms`, and a little more).
IN_FLIGHT_SECONDS = 0.7


class Drain:
    """Shared by the connections of one process to one share group. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Connections that may be handed records.
        self._reachable = 0
        self._last_left = float("-inf")

    def came(self) -> None:
        """From now on a connection may be handed records."""
        with self._lock:
            self._reachable += 1

    def left(self) -> None:
        """It will not be handed any, but for what it has asked for already."""
        with self._lock:
            self._reachable -= 1
            self._last_left = clock.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether whatever is given back now goes to another process."""
        with self._lock:
            return not self._reachable and (clock.monotonic() - self._last_left > IN_FLIGHT_SECONDS)
