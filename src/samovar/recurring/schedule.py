"""When a recurring task is due: at the ticks of a cron line, or every so often."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from samovar.errors import ArgumentError
from samovar.recurring.cron import Cron
from samovar.support import zones


class Schedule(Protocol):
    """Ticks, in whole seconds since the epoch."""

    def next_tick(self, after: int) -> int | None:
        """The first tick after this second; None: there is none any more."""
        ...

    def last_tick(self, until: int) -> int | None:
        """The last tick up to this second, itself included; None: there was none yet."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Ticks at the whole multiples of some seconds since the epoch: the same for every process."""

    seconds: int

    def next_tick(self, after: int) -> int | None:
        """See `Schedule`."""
        return (after // self.seconds + 1) * self.seconds

    def last_tick(self, until: int) -> int | None:
        """See `Schedule`."""
        return until // self.seconds * self.seconds

    def __str__(self) -> str:
        return f"every {self.seconds} s"


def read(*, cron: Any, every: Any, time_zone: Any) -> Schedule:
    """The schedule of these options, of which exactly one of `cron` and `every` is given.

    Raises:
        ArgumentError: they name no schedule; what is wrong goes on from an option's name.
    """
    if (cron is None) == (every is None):
        raise ArgumentError("takes a cron line or every=..., one of them.")
    if every is not None:
        return Every(_whole_seconds(every))
    zone = _zone(time_zone)
    try:
        CronSim(cron, datetime.now(zone))
    except (CronSimError, TypeError, AttributeError) as error:
        detail = f": {error}" if str(error) else ""
        raise ArgumentError(
            f"cron is {cron!r}{detail}; expected minute, hour, day, month and weekday, such as "
            "'0 2 * * *'."
        ) from None
    return Cron(cron, zone)


def _whole_seconds(every: Any) -> int:
    seconds = every.total_seconds() if isinstance(every, timedelta) else every
    whole = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not whole or not math.isfinite(seconds) or seconds != int(seconds) or seconds < 1:
        raise ArgumentError(
            f"every is {every!r}; expected whole seconds from 1 up, or a timedelta."
        )
    return int(seconds)


def _zone(name: Any) -> ZoneInfo:
    if isinstance(name, ZoneInfo):
        return name
    try:
        return zones.find(name)
    except (ArgumentError, TypeError):
        raise ArgumentError(
            f"time_zone is {name!r}; expected a name such as 'Europe/Berlin'."
        ) from None
