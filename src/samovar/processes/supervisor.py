"""Several processes of one command: watched, replaced, and ended together.

The supervisor knows no job and opens no broker; its children are spawned, never forked.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from samovar import events
from samovar.processes import exit_status
from samovar.processes.pulse import PULSE_VARIABLE, PulseReader
from samovar.processes.signals import Move, Moves, held_back
from samovar.support import clock

#: A child that lived shorter than this makes its successor wait, in seconds.
SHORT_LIFE_SECONDS = 5.0
#: Longest wait before a successor starts, in seconds.
LONGEST_WAIT_SECONDS = 30.0
#: What children are given beyond their own shutdown timeout before they are killed, in seconds.
KILL_MARGIN_SECONDS = 10.0
#: How often it looks at children that end, in seconds.
LOOK_SECONDS = 0.1
#: A child that has not shown itself for this long hangs: some code keeps the interpreter to itself,
#: or somebody has stopped the process. Its group has given it up by then.
HANGING_SECONDS = 300.0
#: Tells a child which one it is, and that standard input closes when its parent is gone.
INDEX_VARIABLE = "SAMOVAR_INTERNAL_INDEX"

_FORWARDED = {Move.QUIET: signal.SIGTSTP, Move.TRACE: signal.SIGTTIN}


@dataclass(slots=True)
class _Child:
    index: int
    process: subprocess.Popen[bytes]
    started: float
    pulse: PulseReader


class Supervisor:
    """Keeps `count` processes of `command` running until it is asked to stop."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        count: int,
        shutdown_timeout: float,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._count = count
        self._shutdown_timeout = shutdown_timeout
        self._environ = dict(os.environ if environ is None else environ)
        self._children: dict[int, _Child] = {}
        #: When a slot that is empty gets its next process, and how often in a row it failed.
        self._due: dict[int, float] = {}
        self._short_lives: dict[int, int] = {}
        #: Whether the children are to begin no more jobs.
        self._is_quiet = False

    def run(self, moves: Moves) -> int:
        """Run until a STOP; the exit status, see `_status_of`."""
        for index in range(self._count):
            self._start(index)
        while True:
            move = moves.take(0.2 if self._due else 1.0)
            if move in (Move.STOP, Move.ORPHANED):
                return self._stop(moves)
            self._forward(move)
            self._kill_hanging()
            self._reap()
            self._start_due()

    def _start(self, index: int) -> None:
        pulse = PulseReader()
        end = str(pulse.childs_end)
        with held_back():
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                pass_fds=[pulse.childs_end],
                env={**self._environ, INDEX_VARIABLE: str(index), PULSE_VARIABLE: end},
            )
        pulse.child_has_it()
        if self._is_quiet:
            process.send_signal(_FORWARDED[Move.QUIET])
        self._children[index] = _Child(index, process, clock.monotonic(), pulse)
        events.announce("process.started", pid=process.pid, index=index)

    def _kill_hanging(self) -> None:
        for child in self._children.values():
            silence = child.pulse.silence
            if silence > HANGING_SECONDS:
                events.announce(
                    "process.hanging", pid=child.process.pid, index=child.index, seconds=silence
                )
                child.process.kill()
                child.process.wait()

    def _reap(self) -> None:
        for child in list(self._children.values()):
            status = child.process.poll()
            if status is None:
                continue
            del self._children[child.index]
            _close(child)
            self._due[child.index] = clock.monotonic() + self._wait_after(child)
            events.announce(
                "process.replaced", pid=child.process.pid, index=child.index, status=status
            )

    def _wait_after(self, child: _Child) -> float:
        if clock.monotonic() - child.started >= SHORT_LIFE_SECONDS:
            self._short_lives.pop(child.index, None)
            return 0.0
        lives = self._short_lives[child.index] = self._short_lives.get(child.index, 0) + 1
        return min(0.5 * 2.0 ** min(lives - 1, 16), LONGEST_WAIT_SECONDS)

    def _start_due(self) -> None:
        for index, due in list(self._due.items()):
            if clock.monotonic() >= due:
                del self._due[index]
                self._start(index)

    def _forward(self, move: Move | None) -> None:
        if move in _FORWARDED:
            self._is_quiet = self._is_quiet or move is Move.QUIET
            self._send(_FORWARDED[move])

    def _stop(self, moves: Moves) -> int:
        self._send(signal.SIGTERM)
        until = clock.monotonic() + self._shutdown_timeout + KILL_MARGIN_SECONDS
        processes = [child.process for child in self._children.values()]
        while any(p.poll() is None for p in processes) and clock.monotonic() < until:
            self._forward(moves.take(LOOK_SECONDS))
        for process in processes:
            process.kill()
            process.wait()
        for child in self._children.values():
            _close(child)
        return _status_of({process.returncode for process in processes})

    def _send(self, number: signal.Signals) -> None:
        for child in self._children.values():
            child.process.send_signal(number)


def _status_of(children: set[int]) -> int:
    """The one status of all children that did not end well; 2 if they differ, or one was killed."""
    bad = children - {0, -signal.SIGTERM}
    if not bad:
        return 0
    status = bad.pop()
    return status if status > 0 and not bad else exit_status.FORCED


def _close(child: _Child) -> None:
    child.pulse.close()
    if child.process.stdin is not None:
        child.process.stdin.close()
