"""A cursor in words, as Ruby inspects it: an interruption's words are a key in the job hash, which
a Rails application may read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

from samovar.job.hashes import Symbol

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def inspected(value: Any) -> str:
    """The value in Ruby's words; a kind that Ruby does not know in Python's."""
    words = _WORDS.get(value.__class__)
    if words is not None:
        return words(value)
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _day(value: date) -> str:
    return f"{_DAYS[value.weekday()]}, {value.day:02} {_MONTHS[value.month - 1]} {value.year:04}"


def _list(value: Any) -> str:
    return f"[{', '.join(inspected(item) for item in cast('list[Any]', value))}]"


def _dict(value: Any) -> str:
    items = cast("dict[Any, Any]", value).items()
    return "{" + ", ".join(f"{inspected(key)}=>{inspected(item)}" for key, item in items) + "}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


_WORDS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "nil",
    bool: lambda value: "true" if value else "false",
    str: _text,
    Symbol: lambda value: f":{value}",
    date: _day,
    datetime: str,
    list: _list,
    dict: _dict,
}
