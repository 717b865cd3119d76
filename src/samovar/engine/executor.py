"""A thread that takes partitions with work and performs their jobs, one after the other."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from samovar import events
from samovar.engine.coordinator import Coordinator
from samovar.engine.work_queue import WorkQueue

#: Whether this process was forked, by a job, off a worker: it must work for nobody.
_in_child = False


class Executor(threading.Thread):
    """One of a worker's threads. `perform` is given each record's payload."""

    def __init__(
        self,
        *,
        index: int,
        work: WorkQueue,
        perform: Callable[[bytes | None], None],
        stop_process: Callable[[], None],
    ) -> None:
        super().__init__(name=f"samovar-executor-{index}", daemon=True)
        _belong_here()
        self._work = work
        self._perform = perform
        self._stop_process = stop_process

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
        try:
            while not self._share(coordinator) and coordinator.pending and self._work.is_empty:
                continue
        except BaseException as error:
            # An error of the bookkeeping, not of a job: nothing here can be relied on any more.
            coordinator.interrupt()
            events.announce("executor.failed", error=error)
            self._stop_process()
        if _in_child:
            _leave(None)

    def _share(self, coordinator: Coordinator) -> bool:
        """Perform up to `max_messages` jobs; True when the partition has to rest.

        This loop is the hot path: per job it pays for the job, a look at two flags, and the new
        position.
        """
        pending, perform = coordinator.pending, self._perform
        recovery = coordinator.recovery
        for _ in range(min(len(pending), coordinator.topic.max_messages)):
            if coordinator.interrupted or _in_child:
                return True
            record = pending[0]
            try:
                perform(record.value)
            except BaseException as error:
                if _in_child:
                    _leave(error)
                if not coordinator.failed(record, error):
                    return True
            else:
                if recovery.attempt:
                    recovery.succeeded()
            pending.popleft()
            coordinator.position = record.offset + 1
        return False


def _leave(error: BaseException | None) -> None:
    """End a child that a job forked and let return into the worker's code."""
    code = error.code if isinstance(error, SystemExit) else error and 1
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _belong_here() -> None:
    """Executors that are made in a forked process are its own."""
    global _in_child
    _in_child = False


def _after_fork() -> None:
    global _in_child
    _in_child = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
