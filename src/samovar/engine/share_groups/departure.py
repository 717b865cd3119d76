"""Keeps what a worker gives back from its own connections, which are about to end as well.

A record that is released goes at once to whoever asks for more, and each time is counted. A few of
these, and the next worker takes its job for one that kills processes. So a worker releases only
when none of its connections can be handed anything any more.
"""

from __future__ import annotations

import threading

from samovar.support import clock

#: How long the broker may still answer a request of a connection that has ended, in seconds
#: (librdkafka's `fetch.wait.max.ms`, and a little more).
IN_FLIGHT_SECONDS = 0.7


class Departure:
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
        """Whether whatever is released now goes to another process."""
        with self._lock:
            return not self._reachable and (clock.monotonic() - self._last_left > IN_FLIGHT_SECONDS)
