"""Operating system signals become moves that the main thread takes one after the other."""

from __future__ import annotations

import atexit
import math
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from samovar.processes.attendant import Attendant
from samovar.processes.stacks import stacks
from samovar.support import clock
from samovar.support.saying import say

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


_MOVES = {
    "SIGTERM": Move.STOP,
    "SIGINT": Move.STOP,
    "SIGQUIT": Move.STOP,
    "SIGHUP": Move.STOP,
    "SIGTSTP": Move.QUIET,
    "SIGTTIN": Move.TRACE,
    "SIGCHLD": Move.CHILD,
}
#: Signals that mean nothing here, and would end a process that does not handle them.
_MEANINGLESS = ("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF")
#: What is kept from a process until it handles signals: before that, these would stop or end it.
_HELD = ("SIGTSTP", "SIGTTIN", *_MEANINGLESS)


class Moves:
    """The moves that wait. Handlers only put: the main thread acts.

    What cannot wait for it, an attendant does: it shows the stacks, and ends by force a process
    that was asked to stop and does not.
    """

    def __init__(self) -> None:
        self.attendant = Attendant()
        # SimpleQueue.put may be called again while it runs, as signal handlers do.
        self._moves: SimpleQueue[Move] = SimpleQueue()
        #: What `install` replaced.
        self._before: list[tuple[int, Any]] = []

    def install(self) -> None:
        """Take over the signals of this process; only the main thread may."""
        for name, move in _MOVES.items():
            self._handle(name, partial(self.put, move))
        for name in _MEANINGLESS:
            self._handle(
                name, partial(self.attendant.ask, partial(_ignore, name)), unless_used=True
            )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _numbers(_HELD))
        self.attendant.start()
        # A process that a job forks has nobody who takes moves: signals must work there.
        os.register_at_fork(after_in_child=self._restore)
        # Registered so early it is called last, and Python then gives up its handlers.
        atexit.register(self._ignore_all)

    def uninstall(self) -> None:
        """Give the signals back."""
        atexit.unregister(self._ignore_all)
        self.attendant.dismiss()
        self._restore()

    def put(self, move: Move) -> None:
        """Ask for a move; any thread may."""
        self._moves.put(move)
        if move is Move.TRACE:
            self.attendant.ask(_show_stacks)
        elif move in (Move.STOP, Move.ORPHANED):
            self.attendant.expect_end()

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
        own = os.dup(descriptor)  # a job may close the other one

        def watch() -> None:
            with suppress(OSError):
                while os.read(own, 1024):
                    continue
            self.put(Move.ORPHANED)

        threading.Thread(target=watch, name="samovar-parent", daemon=True).start()

    def _handle(self, name: str, act: Callable[[], None], *, unless_used: bool = False) -> None:
        number = getattr(signal, name, None)
        if number is None:
            return
        before = signal.getsignal(number)
        # What was started by nohup is to outlive its terminal.
        kept_out = before is signal.SIG_IGN and name == "SIGHUP"
        if kept_out or (unless_used and before is not signal.SIG_DFL):
            return
        self._before.append((number, signal.signal(number, lambda _number, _frame: act())))

    def _restore(self) -> None:
        for number, before in self._before:
            signal.signal(number, before)

    def _ignore_all(self) -> None:
        for number, _ in self._before:
            if number != signal.SIGCHLD:
                signal.signal(number, signal.SIG_IGN)


@contextmanager
def held_back() -> Generator[None, None, None]:
    """A process that is started in this block gets what would stop it only once it has handlers."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _numbers(_HELD))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _numbers(names: tuple[str, ...]) -> set[int]:
    return {number for name in names if (number := getattr(signal, name, None)) is not None}


def _show_stacks() -> None:
    say(stacks())


def _ignore(name: str) -> None:
    say(f"Process {os.getpid()}: the signal {name} means nothing here and is ignored.")
