"""Jobs, their arguments and their errors as text and as JSON values; records as global ids."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any, cast

from samovar.monitoring.options import LogOptions
from samovar.support import clock
from samovar.support.wording import MAX_MESSAGE, cut, message

#: A larger whole number is shown as text, or not at all: Python writes no number of any length.
MAX_BITS = 1_024
#: Of a longer list or dict, fields carry the first ones.
MAX_ITEMS = 1_000
_TOO_DEEP = "(nested too deep to be shown)"
_NO_RECORDS = frozenset({type(None), bool, int, float, str, list, dict, tuple, type})


class _GlobalId(str):
    """Text that stands in an inspected value without quotes."""

    __slots__ = ()

    __repr__ = str.__str__


def ranges(numbers: Sequence[int]) -> str:
    """Rising whole numbers, those that follow each other as one: "0-3, 7"."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return ", ".join(f"{low}-{high}" if low < high else f"{low}" for low, high in runs)


def adapter_name(adapter: Any) -> str:
    """The adapter's `name`, or its class's without "Adapter"."""
    name = getattr(adapter, "name", None)
    return name if isinstance(name, str) else type(adapter).__name__.removesuffix("Adapter")


def may_show_arguments(job: Any, options: LogOptions) -> bool:
    """What the job's class says, else the application."""
    own = getattr(job, "log_arguments", None)
    return options.log_arguments if own is None else own


def arguments(job: Any) -> list[Any]:
    """What the job was given, keywords as a last dict."""
    try:
        keywords = job.keyword_arguments
        return [*job.arguments, keywords] if keywords else list(job.arguments)
    except Exception:  # what cannot be decoded is reported where it matters, not here
        return []


def inspected(job: Any, options: LogOptions) -> str:
    """The arguments as Python writes them, between commas; "" when none may be shown."""
    given = arguments(job) if may_show_arguments(job, options) else []
    return ", ".join(one_inspected(value, options) for value in given)


def one_inspected(value: Any, options: LogOptions) -> str:
    """A value as Python writes it; records in it, at any depth, as their global ids."""
    try:
        return cut(_repr(_with_ids(value, options)), MAX_MESSAGE)
    except RecursionError:
        return _TOO_DEEP


def plain(value: Any, options: LogOptions) -> Any:
    """The value, made of what JSON knows; what JSON does not know as text. Long texts and lists
    are cut, and so is what nests too deep.
    """
    try:
        return _plain(value, options)
    except RecursionError:
        return _TOO_DEEP


def _plain(value: Any, options: LogOptions) -> Any:
    if (found := _global_id(value, options)) is not None:
        return found
    if value is None or isinstance(value, bool | int):
        return value if (value or 0).bit_length() <= MAX_BITS else _str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_str(key): _plain(item, options) for key, item in islice(items, MAX_ITEMS)}
    if isinstance(value, list | tuple | set | frozenset):
        values = cast("list[Any]", value)
        shown = [_plain(item, options) for item in islice(values, MAX_ITEMS)]
        left_out = len(values) - len(shown)
        return [*shown, f"... and {left_out:,} more"] if left_out else shown
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, BaseException):
        return {"class": type(value).__name__, "message": message(value)}
    return _str(value)


def moment(when: datetime | None) -> str | None:
    """A time as payloads write it: UTC, nine digits."""
    return None if when is None else clock.utc_text(clock.to_ns(when))


def due(job: Any) -> str | None:
    """When the job may be performed, as payloads write it; None is at once."""
    return None if job.due_ns is None else clock.utc_text(job.due_ns)


def _global_id(value: Any, options: LogOptions) -> str | None:
    if value.__class__ in _NO_RECORDS:
        return None
    try:
        return options.global_id(value)
    except Exception:  # an unsaved record has none yet
        return None


def _with_ids(value: Any, options: LogOptions) -> Any:
    if (found := _global_id(value, options)) is not None:
        return _GlobalId(found)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {key: _with_ids(item, options) for key, item in items}
    if isinstance(value, list):
        return [_with_ids(item, options) for item in cast("list[Any]", value)]
    if isinstance(value, tuple):
        return tuple(_with_ids(item, options) for item in cast("tuple[Any, ...]", value))
    return value


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _str(value: Any) -> str:
    try:
        return cut(str(value), MAX_MESSAGE)
    except Exception:
        return f"<{type(value).__name__}>"
