"""Operating system signals become moves that the main thread takes one after the other."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any

from samovar.support import clock

#: How late a signal may be noticed that another thread was given, in seconds.
LOOK_UP_SECONDS = 0.2


class Move(Enum):
    """What somebody wants of this process."""

    STOP = "stop"
    QUIET = "quiet"
    TRACE = "trace"
    #: The process that started this one is gone.
    ORPHANED = "orphaned"
    #: A child process ended.
    CHILD = "child"


_SIGNALS = {
    "SIGTERM": Move.STOP,
    "SIGINT": Move.STOP,
    "SIGQUIT": Move.STOP,
    "SIGTSTP": Move.QUIET,
    "SIGTTIN": Move.TRACE,
    "SIGCHLD": Move.CHILD,
}


class Moves:
    """The moves that wait. Handlers only put: the main thread acts."""

    def __init__(self) -> None:
        # SimpleQueue.put may be called again while it runs, as signal handlers do.
        self._moves: SimpleQueue[Move] = SimpleQueue()
        #: What `install` replaced.
        self._before: list[tuple[int, Any]] = []

    def install(self) -> None:
        """Take over the signals of this process; only the main thread may."""
        for name, move in _SIGNALS.items():
            number = getattr(signal, name, None)
            if number is not None:
                before = signal.signal(number, lambda _n, _frame, move=move: self.put(move))
                self._before.append((number, before))
        if hasattr(os, "register_at_fork"):
            # A process that a job forks has nobody who takes moves: signals must work there.
            os.register_at_fork(after_in_child=self._restore)

    def _restore(self) -> None:
        for number, before in self._before:
            signal.signal(number, before)

    def put(self, move: Move) -> None:
        """Ask for a move; any thread may."""
        self._moves.put(move)

    def take(self, timeout: float | None = None) -> Move | None:
        """The next move, or None when none came in time.

        The system may give a signal to another thread, which does not wake this one; and only when
        this one looks up does Python call the handler.
        """
        until = math.inf if timeout is None else clock.monotonic() + timeout
        while True:
            left = max(0.0, until - clock.monotonic())
            with suppress(Empty):
                return self._moves.get(timeout=min(left, LOOK_UP_SECONDS))
            if clock.monotonic() >= until:
                return None

    def watch_parent(self, descriptor: int) -> None:
        """Ask to stop when the other end of this pipe closes: the parent process is gone."""

        def watch() -> None:
            while os.read(descriptor, 1024):
                continue
            self.put(Move.ORPHANED)

        threading.Thread(target=watch, name="samovar-parent", daemon=True).start()


def print_stacks() -> None:
    """Every thread's name and stack, to standard error."""
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] -- the documented way
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or -1)
        if frame is not None:
            print(f"--- {thread.name}", file=sys.stderr)
            traceback.print_stack(frame, file=sys.stderr)
    sys.stderr.flush()
