"""A lock that lets waiting threads in before the one that has just had it."""

from __future__ import annotations

import threading


class FairLock:
    """Re-entrant. Python's own locks go to whoever asks first after the release, which is mostly
    the thread that has just released it; one busy thread can so keep the others out for seconds.
    """

    def __init__(self) -> None:
        #: Held by the next in line while it waits; who comes back has to queue up behind it.
        self._gate = threading.Lock()
        self._lock = threading.Lock()
        #: The thread that has the lock; written only by that thread.
        self._owner: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._owner != me:
            with self._gate:
                self._lock.acquire()
            self._owner = me
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
            self._lock.release()
