"""What an error is and carries, whatever its class makes of attributes and truth.

A user's error may raise from `__getattr__`, `__getattribute__`, `__bool__` or `__class__`. Code
that decides about a job reads errors only by these functions.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, TypeVar

_Kind = TypeVar("_Kind", bound=BaseException)


def is_a(error: BaseException | None, kinds: type[_Kind] | tuple[type[_Kind], ...]) -> bool:
    """Whether an `except` clause with these classes would catch the error."""
    return issubclass(type(error), kinds)


def explicit_cause(error: BaseException) -> BaseException | None:
    """What the error was raised `from`."""
    return _own(error, "__cause__")


def cause(error: BaseException) -> BaseException | None:
    """What the error was raised from, or while that was handled."""
    found = explicit_cause(error)
    if found is None and not _own(error, "__suppress_context__"):
        found = _own(error, "__context__")
    return found


def traceback(error: BaseException) -> TracebackType | None:
    """The frames that the error passed."""
    return _own(error, "__traceback__")


def _own(error: BaseException, name: str) -> Any:
    return object.__getattribute__(error, name)
