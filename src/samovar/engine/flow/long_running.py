"""Stage hold: is anything fetched behind a job that takes its time?"""

from __future__ import annotations

from samovar.broker.port import Record

#: A job that runs for so long is a long one, in seconds; shorter ones cost nothing.
LONG_SECONDS = 1.0


class LongRunning:
    """Watches the job of one partition; asked by the listener, again and again."""

    def __init__(self) -> None:
        #: The job seen last, by its offset, and when it was seen first.
        self._offset: int | None = None
        self._since = 0.0

    def pauses(self, running: Record | None, now: float) -> bool:
        """Whether the partition is to be paused in the broker, `now` on the monotonic clock."""
        offset = running.offset if running is not None else None
        if offset != self._offset:
            self._offset, self._since = offset, now
        return offset is not None and now - self._since >= LONG_SECONDS
