"""How a thread that serves a connection goes on after an error: with a new connection."""

from __future__ import annotations

import threading
from collections.abc import Callable

from samovar import events

#: Wait before it starts anew after an error, in seconds.
RESET_SECONDS = 1.0


def serve_until(
    stop_asked: threading.Event,
    serve: Callable[[], None],
    *,
    gives_up_at: tuple[type[Exception], ...] = (),
) -> None:
    """Call `serve` again and again until asked to stop; each error is told.

    Raises:
        Exception: one of those that it gives up at.
    """
    while not stop_asked.is_set():
        try:
            serve()
        except gives_up_at:
            raise
        except Exception as error:
            events.announce("listener.failed", error=error, retry_in=RESET_SECONDS)
            stop_asked.wait(RESET_SECONDS)
