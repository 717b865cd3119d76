"""What an attribute's type makes of a value that is assigned to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from samovar.job.hashes import bare

_FALSE = frozenset({"0", "f", "false", "off", "no", "n"})
_TRUE = frozenset({"1", "t", "true", "on", "yes", "y"})


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return bare(value)
    if isinstance(value, bool):
        return "t" if value else "f"  # as Active Model writes it
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    raise _expected("a string", value)


def _to_int(value: Any) -> int | None:
    if isinstance(value, int | float | Decimal):
        return int(value)
    return _from_text(value, int, "a whole number")


def _to_float(value: Any) -> float | None:
    if isinstance(value, int | float | Decimal):
        return float(value)
    return _from_text(value, float, "a number")


def _to_decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal | int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    return _from_text(value, Decimal, "a number")


def _to_bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value)
    return _from_text(value, _truth, "true or false")


def _to_date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _from_text(value, lambda text: datetime.fromisoformat(text).date(), "a date")


def _to_datetime(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    return _from_text(value, _moment, "a time")


def _from_text(value: Any, read: Callable[[str], Any], expected: str) -> Any:
    """Blank text is None; other text must be readable."""
    if not isinstance(value, str):
        raise _expected(expected, value)
    text = value.strip()
    try:
        return read(text) if text else None
    except (ValueError, ArithmeticError):
        raise _expected(expected, value) from None


def _truth(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _expected(what: str, value: Any) -> TypeError:
    return TypeError(f"expected {what}, found {type(value).__name__}.")


#: For each type that casts: from a value to the type's own; raises TypeError when it cannot.
casts: dict[Any, Callable[[Any], Any]] = {
    str: _to_str,
    int: _to_int,
    float: _to_float,
    bool: _to_bool,
    Decimal: _to_decimal,
    date: _to_date,
    datetime: _to_datetime,
}
