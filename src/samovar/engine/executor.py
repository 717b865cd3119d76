"""A thread that takes partitions with work and performs their jobs, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable

from samovar.engine.coordinator import Coordinator
from samovar.engine.work_queue import WorkQueue


class Executor(threading.Thread):
    """One of a worker's threads. `perform` is given each record's payload."""

    def __init__(
        self, *, index: int, work: WorkQueue, perform: Callable[[bytes | None], None]
    ) -> None:
        super().__init__(name=f"samovar-executor-{index}", daemon=True)
        self._work = work
        self._perform = perform

    def run(self) -> None:
        """Work until told to end."""
        while (coordinator := self._work.take()) is not None:
            if coordinator.begin():
                self._work_off(coordinator)
                if coordinator.end():
                    self._work.put(coordinator)
                else:
                    self._work.progress.set()

    def _work_off(self, coordinator: Coordinator) -> None:
        """Shares of `max_messages` jobs, until the partition is empty or another one waits."""
        while not self._share(coordinator) and coordinator.pending and self._work.is_empty:
            continue

    def _share(self, coordinator: Coordinator) -> bool:
        """Perform up to `max_messages` jobs; True when the partition has to rest.

        This loop is the hot path: per job it pays for the job, one look at the interruption
        flag, and the new position.
        """
        pending, perform = coordinator.pending, self._perform
        for _ in range(min(len(pending), coordinator.topic.max_messages)):
            if coordinator.interrupted:
                return True
            record = pending[0]
            try:
                perform(record.value)
            except BaseException as error:
                if not coordinator.failed(record, error):
                    return True
            else:
                if coordinator.attempt:
                    coordinator.succeeded()
            pending.popleft()
            coordinator.position = record.offset + 1
        return False
