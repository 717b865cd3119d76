"""Words for what went wrong: errors as text, whatever they do when asked for it, and slips."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

#: Longest text of an error that goes into logs, headers and fields, in characters.
MAX_MESSAGE = 10_000


def message(error: BaseException, longest: int = MAX_MESSAGE) -> str:
    """What the error says, cut after `longest` characters; nothing when it cannot say it.

    Never raises, whatever the error's own `__str__` does.
    """
    try:
        return cut(str(error), longest)
    except BaseException:  # also a SystemExit in a `__str__`: the error is being reported
        return ""


def cut(text: str, longest: int) -> str:
    """The text, or its first `longest` characters and how long it was."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text):,} characters)"


def printable(text: str, longest: int | None = None) -> str:
    """The text on one line, with every character escaped that could command a terminal or begin
    a new line in a log; cut after `longest` characters.
    """
    if longest is not None:
        text = cut(text, longest)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def printable_lines(text: str) -> str:
    """As `printable`, but line feeds and tabs stay: for text that has lines of its own."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def error_text(error: BaseException) -> str:
    """The error's class and what it says, without a full stop at the end."""
    said = message(error).rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


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
