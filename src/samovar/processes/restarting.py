"""How a thread that serves a connection goes on after an error: with a new connection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from samovar import events
from samovar.errors import RefusedError
from samovar.support import clock

#: Wait before it starts anew after an error, in seconds.
RESET_SECONDS = 1.0
#: The part of the time that is left in which a connection leaves; the rest is for other things.
LEAVE_PART = 0.8


def seconds_to_leave(until: float, most: float) -> float:
    """How long a connection may take to leave, in a process that is to have ended at a time."""
    return min(most, max(0.0, until - clock.monotonic()) * LEAVE_PART)


def serve_until(
    stop_asked: threading.Event,
    serve: Callable[[], None],
    *,
    gives_up_at: tuple[type[Exception], ...] = (),
) -> None:
    """Call `serve` again and again until asked to stop; each error is announced.

    Raises:
        RefusedError: another try cannot help.
        Exception: one of those that it gives up at.
    """
    while not stop_asked.is_set():
        try:
            serve()
        except (RefusedError, *gives_up_at):
            raise
        except Exception as error:
            events.announce("listener.failed", error=error, retry_in=RESET_SECONDS)
            stop_asked.wait(RESET_SECONDS)
