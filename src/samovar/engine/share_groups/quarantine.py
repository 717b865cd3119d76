"""Lets a job that may have killed a process run while no other job is at risk.

What a process holds when it dies is handed out once more, and counted, like the job that killed it.
So that nobody is taken for the culprit, a suspect is performed when no other connection of the
process holds anything, or after some patience when few do.
"""

from __future__ import annotations

import threading


class Quarantine:
    """Shared by the connections of one process to one share group. Any thread may use it."""

    def __init__(self) -> None:
        #: Guards all that follows, and tells of its changes.
        self._lock = threading.Condition()
        #: Connections that poll, or hold deliveries.
        self._holding = 0
        self._is_closed = False

    def enter(self) -> bool:
        """A connection is about to poll; False when it must not, now."""
        with self._lock:
            self._holding += not self._is_closed
            return not self._is_closed

    def leave(self) -> None:
        """A connection holds nothing any more."""
        with self._lock:
            self._holding -= 1
            self._lock.notify_all()

    def close(self, patience: float) -> bool:
        """A connection that has entered wants to be the only one, and waits for that, up to so many
        seconds: a job that came after so many others must have its turn. False if another one wants
        the same.
        """
        with self._lock:
            if self._is_closed:
                return False
            self._is_closed = True
            self._lock.wait_for(lambda: self._holding == 1, patience)
            return True

    def open(self) -> None:
        """It need not be any more."""
        with self._lock:
            self._is_closed = False
