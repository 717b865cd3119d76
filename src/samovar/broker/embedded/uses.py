"""Whether the running thread is in the middle of using a log, and what has to wait for its end.

Python may run foreign code between any two steps of a thread: finalizers that the garbage collector
calls, weak references, signal handlers. If such code uses a log that its own thread is using, it
cannot wait for itself, and it must not share the transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from samovar.errors import BrokerError


class _Thread(threading.local):
    """What is known of one thread."""

    def __init__(self) -> None:
        self.is_using = False
        self.postponed: deque[Callable[[], None]] = deque()


_thread = _Thread()


def is_using() -> bool:
    """Whether the calling thread uses a log now, so that the caller has interrupted that use."""
    return _thread.is_using


def begin() -> None:
    """The calling thread begins to use a log.

    Raises:
        BrokerError: it does so already.
    """
    check()
    _thread.is_using = True


def check() -> None:
    """Refuse a use of a log within another one of the same thread.

    Raises:
        BrokerError: the calling thread uses one.
    """
    if _thread.is_using:
        raise BrokerError(
            "The embedded log was used by code that interrupted another use of it in the same "
            "thread: a finalizer (__del__), a weak reference's callback or a signal handler. "
            "Nothing was changed. Such code may enqueue jobs to queues that this process has used; "
            "let another thread do anything else."
        )


def end() -> None:
    """The calling thread's use is over; do what was postponed until now."""
    _thread.is_using = False
    while _thread.postponed:
        _thread.postponed.popleft()()


def postpone(work: Callable[[], None]) -> None:
    """Do this when the calling thread's use is over, before that use returns. It raises nothing."""
    _thread.postponed.append(work)


def forget() -> None:
    """This is a forked child: the use goes on in the parent only."""
    _thread.is_using = False
    _thread.postponed.clear()
