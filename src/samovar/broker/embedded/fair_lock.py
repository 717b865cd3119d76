"""A lock that lets waiting threads in before the one that has just had it."""

from __future__ import annotations

import threading


class FairLock:
    """Python's own locks go to whoever asks first after the release, which is mostly the thread
    that has just released it; one busy thread can so keep the others out for seconds.
    """

    def __init__(self) -> None:
        #: Held by the next in line while it waits; who comes back has to queue up after it.
        self._gate = threading.Lock()
        self._lock = threading.Lock()
        #: The thread that has the lock; written only by that thread.
        self.owner: int | None = None

    def acquire(self) -> None:
        """Wait for the lock."""
        with self._gate:
            self._lock.acquire()
        self.owner = threading.get_ident()

    def release(self) -> None:
        """Let the next in line have it."""
        self.owner = None
        self._lock.release()
