"""Between the listeners and the executors: the partitions that have work."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from samovar.engine.partition import Partition


class WorkQueue:
    """Partitions with work, first come first served; and news of progress for listeners."""

    def __init__(self) -> None:
        self._ready: SimpleQueue[Partition | None] = SimpleQueue()
        #: Set whenever an executor has worked off a partition; listeners clear it.
        self.progress = threading.Event()

    def put(self, partition: Partition) -> None:
        """This partition has work for one executor."""
        self._ready.put(partition)

    def take(self) -> Partition | None:
        """Wait for a partition with work; None tells an executor to end."""
        return self._ready.get()

    @property
    def is_empty(self) -> bool:
        """Whether no other partition waits."""
        return self._ready.empty()

    def close(self, executors: int) -> None:
        """Tell that many executors to end."""
        for _ in range(executors):
            self._ready.put(None)
