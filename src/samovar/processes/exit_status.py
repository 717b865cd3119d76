"""A process that learns at its very end that it failed, and ends with a status that says so."""

from __future__ import annotations

import ctypes


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
