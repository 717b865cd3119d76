"""What comes after a cursor, as Ruby's `succ` has it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from samovar.errors import UnadvanceableCursorError
from samovar.job.hashes import Symbol
from samovar.job.serializers.moments import RubyDateTime

_DAY = timedelta(days=1)
#: The last character of each kind: what it begins again with, and what is then put before it.
_TURNS = {"9": ("0", "1"), "z": ("a", "a"), "Z": ("A", "A")}


@runtime_checkable
class HasSuccessor(Protocol):
    """A cursor of the user's own kind that can be advanced."""

    def successor(self) -> Any:
        """The cursor that comes next."""
        ...


def successor(cursor: Any) -> Any:
    """The next integer, day, or text of ASCII letters and digits; `cursor.successor()` if there
    is such a method.

    Raises:
        UnadvanceableCursorError: it has none.
    """
    if cursor.__class__ is int:  # the usual ones first: to ask a protocol takes long
        return cursor + 1
    if isinstance(cursor, HasSuccessor):
        return cursor.successor()
    if isinstance(cursor, int) and not isinstance(cursor, bool):
        return cursor + 1
    if isinstance(cursor, RubyDateTime):
        return _next_day(cursor)
    if isinstance(cursor, date) and not isinstance(cursor, datetime):
        return _next_day(cursor)
    if isinstance(cursor, str) and cursor.isascii() and cursor.isalnum():
        text = _next_text(cursor)
        return Symbol(text) if isinstance(cursor, Symbol) else text
    raise UnadvanceableCursorError(
        f"The cursor {cursor!r:.60} of type {type(cursor).__name__} has no successor. Integers, "
        f"dates, ASCII letters and digits have one, and objects with a method successor(): "
        f"use step.set(...) for others, or begin with start=..."
    )


def _next_day(day: date) -> date:
    try:
        return day + _DAY
    except OverflowError:
        raise UnadvanceableCursorError(f"The cursor {day!r} is the last day there is.") from None


def _next_text(text: str) -> str:
    """The last character goes one on; from 9, z and Z it turns over, and the one before goes on."""
    characters = list(text)
    for index in range(len(characters) - 1, -1, -1):
        turn = _TURNS.get(characters[index])
        if turn is None:
            characters[index] = chr(ord(characters[index]) + 1)
            return "".join(characters)
        characters[index] = turn[0]
    return _TURNS[text[0]][1] + "".join(characters)
