"""Between the listeners and the executors: what has work."""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue

from samovar.processes.work import Work


class WorkQueue:
    """What has work, first come first served; and news of progress for listeners."""

    def __init__(self) -> None:
        self._ready: SimpleQueue[Work | None] = SimpleQueue()
        #: An entry for each executor that waits; its length needs no lock.
        self._idle: deque[None] = deque()
        #: Set whenever an executor has worked off a partition; listeners clear it.
        self.progress = threading.Event()

    def put(self, work: Work) -> None:
        """This has work for one executor."""
        self._ready.put(work)

    def take(self) -> Work | None:
        """Wait for something with work; None tells an executor to end."""
        self._idle.append(None)
        work = self._ready.get()
        self._idle.pop()
        return work

    @property
    def free(self) -> int:
        """How many executors nothing waits for; by the time it is read it may have changed."""
        return len(self._idle) - self._ready.qsize()

    @property
    def is_empty(self) -> bool:
        """Whether nothing else waits."""
        return self._ready.empty()

    def close(self, executors: int) -> None:
        """Tell that many executors to end."""
        for _ in range(executors):
            self._ready.put(None)
