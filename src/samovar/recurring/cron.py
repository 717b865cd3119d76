"""Cron lines in a time zone: the library finds the times of day, the zone's changes are ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_SECOND = timedelta(seconds=1)
#: A zone never changes twice within this many seconds.
_STRIDE = 6 * 3600


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron line of five fields (six, with seconds in front), read in a time zone.

    A line with fixed minutes and hours names times of day: each comes once a day. Where clocks are
    put forward, one in the hour that is left out comes at its end; where they are put back, the
    first pass counts. Any other line, such as ``*/15 * * * *``, follows the time that passes.
    """

    line: str
    zone: ZoneInfo

    def next_tick(self, after: int) -> int | None:
        """See `Schedule`."""
        if not self._names_times_of_day:
            return self._nearest(after + 1, 1)
        # In the second pass of an hour, times are found whose first pass is over.
        ticks = map(self._instant, self._matches(self._wall(after), 1))
        return next((tick for tick in ticks if tick > after), None)

    def last_tick(self, until: int) -> int | None:
        """See `Schedule`."""
        if not self._names_times_of_day:
            return self._nearest(until, -1)
        # In the second pass of an hour, all of the first pass is over: look from its end.
        wall = self._wall(until)
        start = wall.replace(tzinfo=None) + max(timedelta(0), self._repeats(wall)) + _SECOND
        ticks = map(self._instant, self._matches(start, -1))
        return next((tick for tick in ticks if tick <= until), None)

    @property
    def _names_times_of_day(self) -> bool:
        fields = self.line.split()
        return len(fields) == 5 and not any(field.startswith("*") for field in fields[:2])

    def _nearest(self, at: int, step: int) -> int | None:
        """The first second from `at` on, or back, whose time of day the line names."""
        while True:
            wall = self._wall(at).replace(tzinfo=None)
            found = next(self._matches(wall - step * _SECOND, step), None)
            if found is None:
                return None
            tick = at + int((found - wall).total_seconds())
            change = self._change(at, tick)
            if change is None:
                return tick
            at = change  # clocks are put on or back before: look again from there

    def _matches(self, wall: datetime, step: int) -> Iterator[datetime]:
        """The line's times after, or before, a time of day, as if clocks were never changed: what
        the library makes of changes goes wrong, backwards above all.
        """
        return CronSim(self.line, wall.replace(tzinfo=None, fold=0), reverse=step < 0)

    def _instant(self, wall: datetime) -> int:
        """When a clock shows this time first; if it never does, when it passes over it."""
        first, second = (wall.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        instant = int(first.timestamp())
        if self._repeats(first) >= timedelta(0):
            return instant
        passed = self._change(int(second.timestamp()), instant)
        return instant if passed is None else passed

    def _repeats(self, wall: datetime) -> timedelta:
        """By how much clocks are put back around this time; negative: put forward."""
        first, second = (wall.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        return (first or timedelta(0)) - (second or timedelta(0))

    def _change(self, near: int, far: int) -> int | None:
        """The second nearest to `near`, and not beyond `far`, that has another offset from UTC."""
        offset = self._offset(near)
        stride = _STRIDE if far > near else -_STRIDE
        same = near
        while same != far:
            other = same + stride if abs(far - same) > _STRIDE else far
            if self._offset(other) != offset:
                return self._first_other(same, other)
            same = other
        return None

    def _first_other(self, same: int, other: int) -> int:
        offset = self._offset(same)
        while abs(other - same) > 1:
            middle = (same + other) // 2
            if self._offset(middle) == offset:
                same = middle
            else:
                other = middle
        return other

    def _wall(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, self.zone)

    def _offset(self, second: int) -> timedelta | None:
        return self._wall(second).utcoffset()

    def __str__(self) -> str:
        return f"{self.line} ({self.zone.key})"
