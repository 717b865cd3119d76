"""What has a form that Ruby knows, and a value that it cannot read: refused on queues of Ruby's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from samovar.job import classes
from samovar.job.classes import RubyConstant
from samovar.job.hashes import Symbol
from samovar.job.serializers.base import Refused
from samovar.job.serializers.duration import Duration
from samovar.job.serializers.moments import RubyDateTime
from samovar.job.serializers.ranges import Range

#: Days that Ruby's calendar leaves out: after 4 October 1582 came the 15th.
_LEFT_OUT = (date(1582, 10, 5), date(1582, 10, 14))
_CONSTANT = re.compile(r"[A-Z]\w*(::[A-Z]\w*)*", re.ASCII)
#: Zones that belong to one machine, and variants that tzinfo does not know.
_OWN_ZONES = re.compile(r"localtime|Factory|posixrules|(posix|right)/.*")


def check(value: Any) -> None:
    """Look at a value that Ruby is going to read.

    Raises:
        Refused: it cannot.
    """
    for kind, look in _LOOKS:
        if isinstance(value, kind):
            look(value)
            return


def _look_at_date_time(value: RubyDateTime) -> None:
    _look_at_date(value.date())


def _look_at_moment(value: datetime) -> None:
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo) and zone.key and _OWN_ZONES.fullmatch(zone.key):
        raise Refused(f"is in the time zone {zone.key!r}, which Ruby does not know.")


def _look_at_date(value: date) -> None:
    first, last = _LEFT_OUT
    if first <= value <= last:
        raise Refused(f"is {value}, a day that Ruby's calendar leaves out.")


def _look_at_range(value: Range) -> None:
    if not _compare(value.begin, value.end):
        raise Refused(f"is {value!r:.80}, whose ends Ruby cannot compare.")


def _look_at_class(value: Any) -> None:
    name = value.name if isinstance(value, RubyConstant) else classes.registered_name(value)
    if name is not None and not _CONSTANT.fullmatch(name):
        raise Refused(f"travels as {name!r}, which is no name of a Ruby class.")


def _compare(begin: Any, end: Any) -> bool:
    """Whether Ruby makes a range from one to the other."""
    if begin is None or end is None:
        return True
    if isinstance(begin, list) and isinstance(end, list):
        pairs = zip(cast("list[Any]", begin), cast("list[Any]", end), strict=False)
        return all(_compare(one, other) for one, other in pairs)
    kinds = {_kind(begin), _kind(end)}
    if None in kinds:
        return bool(begin == end)
    return len(kinds) == 1 or kinds == {"number", "duration"}


def _kind(value: Any) -> str | None:
    if isinstance(value, bool) or (isinstance(value, float | Decimal) and math.isnan(value)):
        return None
    return next((name for name, kinds in _KINDS.items() if isinstance(value, kinds)), None)


_KINDS: dict[str, tuple[type, ...]] = {
    "number": (int, float, Decimal),
    "symbol": (Symbol,),
    "text": (str,),
    "moment": (date,),
    "duration": (Duration, timedelta),
}

_LOOKS: tuple[tuple[type, Callable[[Any], None]], ...] = (
    (RubyDateTime, _look_at_date_time),
    (datetime, _look_at_moment),
    (date, _look_at_date),
    (Range, _look_at_range),
    (RubyConstant, _look_at_class),
    (type, _look_at_class),
)
