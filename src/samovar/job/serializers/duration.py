"""A length of time in calendar units, as Ruby has it: a month is not thirty days."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from samovar.errors import ArgumentError

Number = int | float | Decimal

#: Seconds of each unit; a year is 365.2425 days, a month a twelfth of it.
SECONDS: Mapping[str, int] = MappingProxyType(
    {
        "years": 31_556_952,
        "months": 2_629_746,
        "weeks": 604_800,
        "days": 86_400,
        "hours": 3_600,
        "minutes": 60,
        "seconds": 1,
    }
)


class Duration:
    """`Duration(months=1, days=-2)`: the parts stay as they are given, in their order.

    A date or datetime plus a duration counts years and months by the calendar. Durations are
    equal when they last equally long, to a timedelta too.
    """

    __slots__ = ("parts", "value")

    #: Numbers by unit: years, months, weeks, days, hours, minutes, seconds.
    parts: Mapping[str, Number]
    #: All of it in seconds.
    value: Number

    def __init__(
        self,
        value: Number | None = None,
        parts: Mapping[str, Number] | Iterable[tuple[str, Number]] | None = None,
        **units: Number,
    ) -> None:
        given = {**dict(parts or ()), **units}
        if not given and value and parts is None:
            given = {"seconds": value}
        for unit, number in given.items():
            if unit not in SECONDS or isinstance(number, bool) or not _is_number(number):
                raise ArgumentError(
                    f"Duration has the part {unit!r}: {number!r}; expected numbers of "
                    f"{', '.join(SECONDS)}."
                )
        if value is not None and not _is_number(value):
            raise ArgumentError(f"Duration lasts {value!r}; expected a number of seconds.")
        self.parts = MappingProxyType(given)
        self.value = value if value is not None else _seconds(given)

    @classmethod
    def of(cls, delta: timedelta) -> Duration:
        """A timedelta's days and seconds."""
        seconds = delta.seconds + delta.microseconds / 1e6 if delta.microseconds else delta.seconds
        return cls(days=delta.days, seconds=seconds)

    def total_seconds(self) -> float:
        """All of it in seconds."""
        return float(self.value)

    def to_timedelta(self) -> timedelta:
        """As a timedelta, with years and months at their mean length."""
        return _delta(self.value)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, timedelta):
            other = Duration.of(other)
        if isinstance(other, Duration):
            parts = dict(self._counted)
            for unit, number in other._counted.items():
                parts[unit] = _add(parts.get(unit, 0), number)
            return Duration(_add(self.value, other.value), parts)
        return NotImplemented

    def __radd__(self, other: Any) -> Any:
        if isinstance(other, timedelta):
            return Duration.of(other) + self
        return _later(other, self._counted) if isinstance(other, date) else NotImplemented

    def __neg__(self) -> Duration:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, Duration | timedelta) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return other + -self

    def __mul__(self, factor: Any) -> Duration:
        if not _is_number(factor):
            return NotImplemented
        parts = {unit: _times(number, factor) for unit, number in self.parts.items()}
        return Duration(_times(self.value, factor), parts)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Duration):
            return self.value == other.value
        return self._length() == other if isinstance(other, timedelta) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._length())

    def __lt__(self, other: Any) -> bool:
        length = _length(other)
        return NotImplemented if length is None else self.value < length

    def __le__(self, other: Any) -> bool:
        length = _length(other)
        return NotImplemented if length is None else self.value <= length

    def __gt__(self, other: Any) -> bool:
        length = _length(other)
        return NotImplemented if length is None else self.value > length

    def __ge__(self, other: Any) -> bool:
        length = _length(other)
        return NotImplemented if length is None else self.value >= length

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        if not self.parts:
            return f"Duration({self.value!r}, parts={{}})" if self.value else "Duration()"
        return f"Duration({', '.join(f'{unit}={n!r}' for unit, n in self.parts.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Duration, (self.value, dict(self.parts))

    @property
    def _counted(self) -> Mapping[str, Number]:
        """The parts; where Ruby made it without any, its seconds."""
        return self.parts or {"seconds": self.value}

    def _length(self) -> timedelta | Number:
        try:
            return self.to_timedelta()
        except (OverflowError, ValueError):
            return self.value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _seconds(parts: Mapping[str, Number]) -> Number:
    total: Number = 0
    for unit, number in parts.items():
        total = _add(total, number * SECONDS[unit])
    return total


def _add(one: Any, other: Any) -> Number:
    one, other = _alike(one, other)
    return one + other


def _times(one: Any, other: Any) -> Number:
    one, other = _alike(one, other)
    return one * other


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Two numbers that can be reckoned with: a float beside a decimal is one too."""
    if isinstance(one, Decimal) and isinstance(other, float):
        return one, Decimal(repr(other))
    if isinstance(one, float) and isinstance(other, Decimal):
        return Decimal(repr(one)), other
    return one, other


def _delta(seconds: Any) -> timedelta:
    return timedelta(seconds=float(seconds) if isinstance(seconds, Decimal) else seconds)


def _length(value: Any) -> Number | None:
    if isinstance(value, Duration):
        return value.value
    return value.total_seconds() if isinstance(value, timedelta) else None


def _later(start: date, parts: Mapping[str, Number]) -> date:
    """Moved on part by part: months by the calendar, days by the wall clock, the rest exactly."""
    for unit, number in parts.items():
        if unit in ("years", "months"):
            months = number * 12 if unit == "years" else number
            start = _months_later(start, int(months))
            start += _delta((months - int(months)) * SECONDS["months"])
        elif unit in ("weeks", "days"):
            start += _delta(number * SECONDS[unit])
        else:
            start = _exactly_later(start, _delta(number * SECONDS[unit]))
    return start


def _exactly_later(start: date, delta: timedelta) -> date:
    if isinstance(start, datetime) and start.tzinfo is not None:
        return (start.astimezone(UTC) + delta).astimezone(start.tzinfo)
    return start + delta


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))
