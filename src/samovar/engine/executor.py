"""A thread that takes what has work and performs their jobs, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable

from samovar import events
from samovar.engine import children
from samovar.engine.partition import Perform, Work
from samovar.engine.work_queue import WorkQueue


class Executor(threading.Thread):
    """One of a worker's threads. `perform` is given each record's payload."""

    def __init__(
        self,
        *,
        index: int,
        work: WorkQueue,
        perform: Perform,
        stop_process: Callable[[], None],
    ) -> None:
        super().__init__(name=f"samovar-executor-{index}", daemon=True)
        children.belong_here()
        self._work = work
        self._perform = perform
        self._stop_process = stop_process

    def run(self) -> None:
        """Work until told to end."""
        while (work := self._work.take()) is not None:
            if work.begin():
                self._work_off(work)
                if work.end():
                    self._work.put(work)
                else:
                    self._work.progress.set()

    def _work_off(self, work: Work) -> None:
        """One share after the other, until it has to rest or something else waits."""
        try:
            while work.share(self._perform) and self._work.is_empty:
                continue
        except BaseException as error:
            # An error of the bookkeeping, not of a job: nothing here can be relied on any more.
            work.interrupt()
            events.announce("executor.failed", error=error)
            self._stop_process()
        if children.is_child:
            children.leave(None)
