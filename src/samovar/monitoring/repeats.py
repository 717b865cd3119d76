"""Lines that come again and again: written once, then once a minute with a count."""

from __future__ import annotations

import re
import threading

#: How often a line that goes on coming is written, in seconds.
INTERVAL_SECONDS = 60.0
#: Different lines that are remembered; the oldest is forgotten for a new one.
MAX_KINDS = 500

_NUMBER = re.compile(r"\d+")


class Repeats:
    """Decides which lines are written. Lines that differ in their numbers alone are alike.

    Safe for use from several threads.
    """

    def __init__(self) -> None:
        #: Kind of line -> when it was last written, and how many were left out since.
        self._seen: dict[str, tuple[float, int]] = {}
        #: Re-entrant: what a finalizer does meanwhile, in this very thread, may be logged too.
        self._lock = threading.RLock()

    def admit(self, words: str, now: float) -> int | None:
        """How many lines like this one were left out since the last one that was written; None
        when this one is left out too.
        """
        kind = _NUMBER.sub("#", words)
        with self._lock:
            written_at, left_out = self._seen.pop(kind, (None, 0))
            if written_at is not None and now - written_at < INTERVAL_SECONDS:
                self._seen[kind] = written_at, left_out + 1
                return None
            self._seen[kind] = now, 0
            while len(self._seen) > MAX_KINDS:
                del self._seen[next(iter(self._seen))]
            return left_out

    def forget(self) -> None:
        """Write every kind of line anew."""
        with self._lock:
            self._seen.clear()
