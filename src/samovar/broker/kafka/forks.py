"""What a forked child does with the clients of its parent: it keeps them, unused, to its end.

A client's threads exist only in the parent. To close the client in the child, even in the
interpreter's last clean-up, waits for these threads or crashes the process.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any, Protocol

_py_object: Any = ctypes.py_object


class Owner(Protocol):
    """Has a client, and forgets it when it finds itself in a forked child."""

    def forked(self) -> None: ...


_OWNERS: weakref.WeakSet[Owner] = weakref.WeakSet()


def register(owner: Owner) -> None:
    """Call `owner.forked()` in every child that is forked while it lives."""
    _OWNERS.add(owner)


def abandon(client: object) -> None:
    """Keep a client for ever: an extra reference outlives even the interpreter's end."""
    if client is not None:
        ctypes.pythonapi.Py_IncRef(_py_object(client))


def _after_fork() -> None:
    for owner in list(_OWNERS):
        owner.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
