"""How a process ends: the statuses, and what they are said by."""

from __future__ import annotations

import ctypes
import os

from samovar.errors import FencedError, RefusedError
from samovar.support import raised

#: It could not start, the broker does not take it, or another process has its place.
FAILED = 1
#: It was asked to stop, and had to be ended by force.
FORCED = 2
#: The process that started it is gone.
ORPHANED = 3
#: It cannot go on, for memory is short, a thread has died or its files were closed.
BROKEN = os.EX_SOFTWARE
#: Something that it enqueued is not delivered: "try again later".
UNDELIVERED = os.EX_TEMPFAIL
#: A job has raised KeyboardInterrupt: what shells say of a command that INT has ended.
INTERRUPTED = 130


def of(failure: BaseException | None) -> int:
    """The status of a worker that has stopped in order, for this reason or because it was asked to.

    One that was not asked to never ends with 0: whoever keeps it must start it again.
    """
    if failure is None:
        return 0
    if raised.is_a(failure, SystemExit):
        return _of_code(object.__getattribute__(failure, "code"))
    if raised.is_a(failure, KeyboardInterrupt):
        return INTERRUPTED
    return FAILED if raised.is_a(failure, (FencedError, RefusedError)) else BROKEN


def _of_code(code: object) -> int:
    """As the interpreter ends a script that raises SystemExit, but never with 0."""
    if isinstance(code, int):
        return code & 0xFF or BROKEN
    return BROKEN if code is None else FAILED


def end_with(status: int) -> None:
    """End with this status when all else is done: handlers, open files, the interpreter.

    For handlers of `atexit`, which cannot change what the process returns: `SystemExit` is
    ignored there, and `os._exit` would leave out every handler that is still to come.
    """
    libc = ctypes.CDLL(None)
    # C's own handlers run last in, first out: what C code has buffered goes out before.
    _at_c_exit(libc, libc._exit, status)
    _at_c_exit(libc, libc.fflush, None)


def _at_c_exit(libc: ctypes.CDLL, function: object, argument: int | None) -> None:
    libc.__cxa_atexit(
        ctypes.cast(function, ctypes.c_void_p),  # type: ignore[arg-type]
        ctypes.c_void_p(argument),
        None,
    )
