"""The executors at work on one partition: how many were invited, came, and what they perform."""

from __future__ import annotations

import threading

from samovar.broker.port import Record


class Executors:
    """Guarded by its `lock`, which its owner holds while it calls the methods."""

    def __init__(self, size: int) -> None:
        """At most `size` executors are invited at once."""
        self.lock = threading.Condition()
        #: What each executor, by its thread, performs or performed last; written without the lock.
        self.at_work: dict[int, Record] = {}
        self._size = size
        #: Executors that have a place in the work queue for this partition, and that have come.
        self._invited = self._present = 0

    def invite(self, wanted: int) -> int:
        """Invite at most `wanted` executors; return how many."""
        more = max(0, min(wanted, self._size - self._invited - self._present))
        self._invited += more
        return more

    def come(self) -> None:
        """One accepts its invitation."""
        self._invited -= 1
        self._present += 1

    def go(self) -> None:
        """One leaves."""
        self._present -= 1
        self.at_work.pop(threading.get_ident(), None)
        self.lock.notify_all()

    @property
    def is_present(self) -> bool:
        """Whether any executor is at work."""
        return self._present > 0

    def wait_until_gone(self, timeout: float) -> bool:
        """Wait until none is at work; False if the time ran out."""
        with self.lock:
            return self.lock.wait_for(lambda: not self._present, timeout)
