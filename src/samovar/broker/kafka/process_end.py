"""How a process that multiprocessing started delivers what it produced before it ends.

Such a process ends without `atexit`. One that ends in order runs the finalizers of multiprocessing.
One that is terminated, as those of a `Pool` are when its `with` block ends, runs nothing at all:
there a handler of SIGTERM delivers first.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import weakref
from typing import Any, Protocol

from samovar.support import clock

#: How long a process of multiprocessing waits at its end for what is undelivered, in seconds.
CHILD_EXIT_SECONDS = 10.0


class Flushes(Protocol):
    """Holds records that are still to be delivered."""

    def flush(self, timeout: float) -> int: ...


_PRODUCERS: weakref.WeakSet[Flushes] = weakref.WeakSet()


def deliver_first(producer: Flushes) -> None:
    """Flush this producer before a process ends that multiprocessing started."""
    util = sys.modules.get("multiprocessing.util")
    if util is None:
        return
    util.Finalize(producer, producer.flush, (CHILD_EXIT_SECONDS,), exitpriority=10)
    if _is_child() and _may_handle_term():
        _PRODUCERS.add(producer)
        signal.signal(signal.SIGTERM, _deliver_and_end)


def _is_child() -> bool:
    process: Any = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _may_handle_term() -> bool:
    """Whether the signal is nobody else's, and a handler may be set here."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, _deliver_and_end)


def _deliver_and_end(number: int, _: object) -> None:
    # A second signal ends it at once.
    signal.signal(number, signal.SIG_DFL)
    until = clock.monotonic() + CHILD_EXIT_SECONDS
    for producer in list(_PRODUCERS):
        producer.flush(max(0.0, until - clock.monotonic()))
    os.kill(os.getpid(), number)
