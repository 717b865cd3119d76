"""A job may fork. The child must work for nobody: it ends where it returns into our code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from samovar.support import raised

#: Whether this process was forked, by a job, off a worker. Read on the hot path.
is_child = False


def leave(error: BaseException | None) -> NoReturn:
    """End a child that a job forked and let return into the worker's code."""
    code: object = None if error is None else 1
    if raised.is_a(error, SystemExit):
        code = getattr(error, "code", 1)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # closed, or nobody reads it
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def belong_here() -> None:
    """Executors that are made in a forked process are its own."""
    global is_child
    is_child = False


def _after_fork() -> None:
    global is_child
    is_child = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
