"""Ruby's three kinds of time as datetimes, and the text that they travel as.

The text has nine fraction digits; a datetime holds six, so a moment that needs more is a
`Timestamp`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Self, SupportsIndex, cast

from samovar.errors import ArgumentError
from samovar.support import clock

#: Ruby distinguishes a time in UTC (Z) from one at an offset of zero (+00:00).
NO_OFFSET = timezone(timedelta(0), "+00:00")

_FRACTION = re.compile(r"[.,](\d+)")


class Timestamp(datetime):
    """A datetime that keeps the nanoseconds which a datetime has no room for.

    Adding a timedelta and changing the zone keep them; a difference is a timedelta without them.
    """

    #: Nanoseconds beyond the microsecond: 0 to 999.
    nanosecond: int = 0

    def __new__(cls, *args: Any, nanosecond: int = 0, **kwargs: Any) -> Self:
        moment = super().__new__(cls, *args, **kwargs)
        if not 0 <= nanosecond <= 999:
            raise ArgumentError(f"nanosecond is {nanosecond!r}; expected 0 to 999.")
        moment.nanosecond = nanosecond
        return moment

    @classmethod
    def of(cls, moment: datetime, nanosecond: int | None = None) -> Self:
        """A datetime as one of these; it keeps its own nanoseconds unless others are given."""
        own: int = getattr(moment, "nanosecond", 0)
        # Part by part: `combine` forgets the fold when it makes a subclass.
        return cls(
            *(moment.year, moment.month, moment.day),
            *(moment.hour, moment.minute, moment.second, moment.microsecond, moment.tzinfo),
            fold=moment.fold,
            nanosecond=own if nanosecond is None else nanosecond,
        )

    @property
    def epoch_ns(self) -> int:
        """Nanoseconds since the epoch; the zone must be known."""
        return clock.to_ns(self)

    def replace(self, *args: Any, nanosecond: int | None = None, **kwargs: Any) -> Self:
        """Another one, with these parts changed."""
        return self._again(super().replace(*args, **kwargs), nanosecond)

    def astimezone(self, tz: tzinfo | None = None) -> Self:
        """The same instant in another zone."""
        return self._again(super().astimezone(tz))

    def _again(self, moment: datetime, nanosecond: int | None = None) -> Self:
        return type(self).of(moment, self.nanosecond if nanosecond is None else nanosecond)

    def __add__(self, other: Any) -> Any:
        moment: Any = super().__add__(other)
        return moment if moment is NotImplemented else self._again(moment)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        result = cast("object", super().__sub__(other))
        return self._again(result) if isinstance(result, datetime) else result

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        if not isinstance(other, datetime):
            return same
        return same and self.nanosecond == getattr(other, "nanosecond", 0)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return (
            hash((super().__hash__(), self.nanosecond)) if self.nanosecond else super().__hash__()
        )

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, datetime) and super().__eq__(other):
            return self.nanosecond < getattr(other, "nanosecond", 0)
        return super().__lt__(other)

    def __le__(self, other: Any) -> bool:
        return self == other or self < other

    def __gt__(self, other: Any) -> bool:
        return not self <= other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, nanosecond={self.nanosecond})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        plain = datetime.combine(self.date(), self.timetz())
        return type(self).of, (plain, self.nanosecond)


class RubyDateTime(Timestamp):
    """Travels as Ruby's DateTime; any other datetime is a Time there, or a TimeWithZone."""


def text_of_moment(moment: datetime, *, utc: str = "Z") -> str:
    """An aware datetime as Active Job writes it; one that is in UTC ends with `utc`."""
    offset = moment.utcoffset() or timedelta(0)
    if beyond := offset % timedelta(minutes=1):
        # The text has no seconds in its offset (old local times do): the same instant in minutes.
        offset -= beyond
        moment = moment.astimezone(timezone(offset))
    wall = datetime.combine(moment.date(), moment.time()).isoformat(timespec="microseconds")
    nanosecond: int = getattr(moment, "nanosecond", 0)
    end = utc if not offset and moment.tzname() in ("UTC", "UCT") else _offset(offset)
    return f"{wall}{nanosecond:03d}{end}"


def moment_of(text: str) -> datetime:
    """The datetime that such a text stands for: at its own offset, a Timestamp if it must be.

    Raises:
        ValueError: it is no time, or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    if text.endswith("+00:00"):
        moment = moment.replace(tzinfo=NO_OFFSET)
    fraction = _FRACTION.search(text)
    nanosecond = int(fraction[1][6:9].ljust(3, "0")) if fraction else 0
    return Timestamp.of(moment, nanosecond) if nanosecond else moment


def _offset(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
