"""Words for what went wrong: errors as text, whatever they do when asked for it, and slips."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def message(error: BaseException) -> str:
    """What the error says; nothing when even that fails."""
    try:
        return str(error)
    except Exception:
        return ""


def printable(text: str, longest: int | None = None) -> str:
    """The text on one line, without what commands a terminal or forges a line of a log; cut off
    behind `longest` characters.
    """
    if longest is not None and len(text) > longest:
        text = f"{text[:longest]}..."
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def told(error: BaseException) -> str:
    """The error's class and what it says, without a full stop at the end."""
    said = message(error).rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody meant who wrote this one; None when nothing is like it."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), None)


def check_options(function: str, given: Iterable[str], known: Collection[str]) -> None:
    """See that keyword arguments have names that the function knows.

    Raises:
        TypeError: one has not; names it, and what was probably meant.
    """
    for name in given:
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant!r}? Expected" if meant else "expected"
            raise TypeError(
                f"{function}() got an unexpected keyword argument {name!r}; "
                f"{hint} {', '.join(known)}."
            )


def counted(number: int, noun: str) -> str:
    """The number with its noun: `1 job`, `1,200 jobs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
