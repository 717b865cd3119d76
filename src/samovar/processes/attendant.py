"""A thread that answers signals while the main thread is busy, and ends what would not end.

The main thread starts a worker and stops it, imports the user's modules and runs what they left for
the end of the process: any of it may take long, or for ever.
"""

from __future__ import annotations

import faulthandler
import math
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from samovar.processes.exit_status import FORCED
from samovar.processes.stacks import holders
from samovar.support import clock
from samovar.support.saying import say

#: How much longer than its time to stop a process is given before it is ended, in seconds.
MARGIN_SECONDS = 1.0
#: How much later still it is ended if even this thread is kept from it.
LAST_MARGIN_SECONDS = 3.0
#: How long it waits for whoever reads standard error, in seconds.
SAYING_SECONDS = 0.5


class Attendant:
    """Handlers of signals ask it for things; they must not do more."""

    def __init__(self) -> None:
        #: How long this process may take to stop, in seconds.
        self.patience = 25.0
        #: SimpleQueue.put may be called again while it runs, as signal handlers do.
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._until = math.inf

    def start(self) -> None:
        """Be there from now on."""
        threading.Thread(target=self._run, name="samovar-attendant", daemon=True).start()

    def ask(self, task: Callable[[], None]) -> None:
        """Let the thread call this."""
        self._tasks.put(task)

    def expect_end(self) -> None:
        """This process was asked to stop: see that it does."""
        if self._until == math.inf:
            self._until = clock.monotonic() + self.patience + MARGIN_SECONDS
            self._tasks.put(self._arm)

    def dismiss(self) -> None:
        """Expect nothing any more."""
        self._until = math.inf
        faulthandler.cancel_dump_traceback_later()
        self._tasks.put(None)

    def _run(self) -> None:
        while True:
            left = self._until - clock.monotonic()
            try:
                task = self._tasks.get(timeout=None if left == math.inf else _waitable(left))
            except Empty:
                if clock.monotonic() >= self._until:
                    self._end_by_force()
            else:
                if task is None:
                    return
                with suppress(Exception):
                    task()

    def _arm(self) -> None:
        # C code that holds the interpreter's lock keeps every thread of Python waiting, and so
        # this one; that timer needs no lock. It ends the process with status 1.
        left = self._until - clock.monotonic() + LAST_MARGIN_SECONDS
        faulthandler.dump_traceback_later(max(LAST_MARGIN_SECONDS, left), exit=True, file=2)

    def _end_by_force(self) -> None:
        with suppress(Exception):
            say(
                f"Process {os.getpid()} was asked to stop, and has not ended within "
                f"{self.patience:g} s. It is ended by force; what held it: {holders()}.",
                within=SAYING_SECONDS,
            )
        os._exit(FORCED)


def _waitable(seconds: float) -> float:
    """No longer than a lock can be waited for."""
    return min(max(0.0, seconds), threading.TIMEOUT_MAX)
