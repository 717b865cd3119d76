"""What a consumer does beside reading: deletes finished records, and makes the file smaller."""

from __future__ import annotations

from collections.abc import Iterable

from samovar.broker.embedded import log, shrinking
from samovar.broker.embedded.store import Store
from samovar.support import clock

#: After this time with nothing to read the file is made smaller, if that pays; and then not again
#: until `SHRINK_SECONDS` have passed.
QUIET_SECONDS = 10.0
SHRINK_SECONDS = 60.0


class Housekeeping:
    """That of one consumer; used by its own thread only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        #: Partitions, by their ids, that may have finished records to delete.
        self._to_trim: set[int] = set()
        #: When the file may be made smaller.
        self._shrink_at = clock.monotonic() + QUIET_SECONDS

    @property
    def has_work(self) -> bool:
        """Whether there may be records to delete."""
        return bool(self._to_trim)

    def add(self, partition_ids: Iterable[int]) -> None:
        """Positions were committed for these."""
        self._to_trim.update(partition_ids)

    def trim(self, seconds: float) -> None:
        """Delete finished records; the rest waits once this time is over."""
        until = clock.monotonic() + seconds
        while self._to_trim and clock.monotonic() < until:
            partition_id = self._to_trim.pop()
            if log.trim(self._store, partition_id):
                self._to_trim.add(partition_id)

    def shrink(self, now: float, *, is_quiet: bool) -> None:
        """Make the file smaller once there has been nothing to read for a while."""
        if not is_quiet:
            self._shrink_at = max(self._shrink_at, now + QUIET_SECONDS)
        elif now >= self._shrink_at:
            self._shrink_at = now + SHRINK_SECONDS
            shrinking.shrink(self._store)
