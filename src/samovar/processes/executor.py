"""A thread that takes what has work and performs their jobs, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from samovar import events
from samovar.processes.vital import VitalThread
from samovar.processes.work import Perform, Work
from samovar.processes.work_queue import WorkQueue
from samovar.support import forks
from samovar.support.tenure import TENURE


class Executor(VitalThread):
    """One of a worker's threads. `perform` is given each record's payload."""

    def __init__(
        self,
        *,
        index: int,
        work: WorkQueue,
        perform: Perform,
        stop_process: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name=f"samovar-executor-{index}", daemon=True)
        forks.belong_here()
        self._work = work
        self._perform = perform
        self._stop_process = stop_process

    def work(self) -> None:
        """Work until the queue is closed."""
        while (work := self._work.take()) is not None:
            if work.begin():
                TENURE.set(work.tenure)
                self._work_off(work)
                if work.end():
                    self._work.put(work)
                else:
                    self._work.progress.set()

    def _work_off(self, work: Work) -> None:
        """Perform jobs until there are none, or something else waits."""
        try:
            while work.share(self._perform) and self._work.is_empty:
                continue
        except BaseException as error:
            # An error of the bookkeeping, not of a job: nothing here can be relied on any more.
            work.interrupt()
            self._stop_process(error)
            with suppress(BaseException):  # the process stops, whether that can be said or not
                events.announce("executor.failed", error=error)
        if forks.is_child:
            forks.leave(None)
