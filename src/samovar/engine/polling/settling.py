"""A process that starts beside others waits a moment for them.

The first one to join its group is given all partitions, and would begin jobs that the others begin
again as soon as they have joined.
"""

from __future__ import annotations

from collections.abc import Callable

from samovar import events
from samovar.errors import BrokerError
from samovar.support import clock

#: The longest wait, in seconds; so far apart may processes start.
SETTLE_SECONDS = 5.0


class Settling:
    """Belongs to one listener, and is used by its thread only."""

    def __init__(self, *, processes: int, partitions: Callable[[], int]) -> None:
        """`processes` start together, and share as many partitions as `partitions` gives."""
        self._processes = processes
        self._partitions = partitions
        self._until = 0.0
        self._share: int | None = None
        self._is_over = processes <= 1

    def is_over(self, held: int) -> bool:
        """Whether the others have joined: then these are no more partitions than our share. Or the
        wait was long enough.
        """
        if self._is_over:
            return True
        if self._share is None:
            self._share = self._asked()
            self._until = clock.monotonic() + SETTLE_SECONDS
        self._is_over = held <= self._share or clock.monotonic() >= self._until
        return self._is_over

    def _asked(self) -> int:
        try:
            return -(-self._partitions() // self._processes)
        except BrokerError as error:
            events.announce("broker.error", error=error)
            return 0
