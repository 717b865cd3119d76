"""The types that Ruby has too, in the very form that Active Job gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from samovar.errors import SerializationError
from samovar.job import classes, runtime
from samovar.job.classes import RubyConstant
from samovar.job.hashes import Symbol, bare
from samovar.job.serializers.base import Inner, Reader, Rebuild, Refused, Writer, tagged, text_of
from samovar.job.serializers.duration import SECONDS, Duration
from samovar.job.serializers.moments import (
    RubyDateTime,
    Timestamp,
    moment_of,
    text_of_moment,
)
from samovar.job.serializers.ranges import Range
from samovar.support import zones

T = TypeVar("T")

_RUBY = "ActiveJob::Serializers::"
SYMBOL = _RUBY + "SymbolSerializer"
DATE = _RUBY + "DateSerializer"
TIME = _RUBY + "TimeSerializer"
DATE_TIME = _RUBY + "DateTimeSerializer"
ZONED_TIME = _RUBY + "TimeWithZoneSerializer"
DURATION = _RUBY + "DurationSerializer"
RANGE = _RUBY + "RangeSerializer"
MODULE = _RUBY + "ModuleSerializer"
DECIMAL = _RUBY + "BigDecimalSerializer"

#: Decimals whose exponent is further from nought are refused: they would be written digit by digit.
_LARGEST_EXPONENT = 10_000
#: Years in which another zone may be beyond the calendar.
_EDGES = (MINYEAR, MAXYEAR)
_FORBIDDEN_IN_DATE = re.compile(r"[^0-9-]")


def _flat(name: str, text: Callable[[Any], str]) -> Writer:
    """Writes one string under `value`."""
    return Writer(lambda value, _: tagged(name, value=text(value)))


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is not None:
        return value
    if runtime.current().job_settings.naive_datetimes == "refuse":
        raise Refused(
            "has no time zone. Pass an aware datetime, or set naive_datetimes to "
            '"utc" if all your naive ones are in UTC.'
        )
    return value.replace(tzinfo=UTC)


def _write_moment(value: datetime, _: Inner) -> Any:
    value = _aware(value)
    if isinstance(value.tzinfo, ZoneInfo):
        if not value.tzinfo.key:
            raise Refused("is in a time zone without a name: make it with ZoneInfo(name).")
        zone = zones.database_name(value.tzinfo.key)
        if value.year in _EDGES:
            _expressible(lambda: value.astimezone(UTC), value)  # the way that it is read
        return tagged(ZONED_TIME, value=_text(value), time_zone=zone)
    return tagged(TIME, value=_text(value))


def _write_ruby_date_time(value: RubyDateTime, _: Inner) -> Any:
    return tagged(DATE_TIME, value=_text(_aware(value), utc="+00:00"))


def _text(value: datetime, utc: str = "Z") -> str:
    return _expressible(lambda: text_of_moment(value, utc=utc), value)


def _expressible(make: Callable[[], T], value: datetime) -> T:
    try:
        return make()
    except OverflowError:
        raise Refused(
            f"is {value.replace(tzinfo=None)} in {value.tzinfo}: its form on the wire leads out of "
            f"the years 1 to 9999."
        ) from None


def _write_duration(value: Duration, inner: Inner) -> Any:
    parts = [
        [inner(Symbol(unit), unit), inner(number, unit)] for unit, number in value.parts.items()
    ]
    # Ruby leaves the value to JSON, where a decimal is text.
    whole = value.value
    written = decimal_text(whole) if isinstance(whole, Decimal) else inner(whole, "value")
    return tagged(DURATION, value=written, parts=parts)


def _write_relativedelta(value: Any, inner: Inner) -> Any:
    fixed = ("year", "month", "day", "weekday", "hour", "minute", "second", "microsecond")
    if value.leapdays or any(getattr(value, name) is not None for name in fixed):
        raise Refused("names a date of its own, not only a length of time.")
    parts = {unit: number for unit in SECONDS if (number := _units(value, unit))}
    return _write_duration(Duration(parts=parts or {"seconds": 0}), inner)


def _units(value: Any, unit: str) -> Any:
    if unit == "weeks":  # dateutil counts them among the days
        return 0
    number = getattr(value, unit)
    return number + value.microseconds / 1e6 if unit == "seconds" and value.microseconds else number


def _write_range(value: Range, inner: Inner) -> Any:
    return tagged(
        RANGE,
        begin=inner(value.begin, "begin"),
        end=inner(value.end, "end"),
        exclude_end=bool(value.exclude_end),
    )


def _write_python_range(value: range, inner: Inner) -> Any:
    if value.step != 1:
        raise Refused(f"goes in steps of {value.step}: Ruby's ranges have none. Pass a list.")
    return _write_range(Range(value.start, value.stop, True), inner)


def _write_class(value: type, inner: Inner) -> Any:
    if (name := classes.registered_name(value)) is None:
        raise Refused(
            f"is the class {value.__module__}.{value.__qualname__}, which has no name on the "
            f"wire. Give it one: samovar.register_class({value.__name__})."
        )
    return tagged(MODULE, value=name)


def decimal_text(value: Decimal) -> str:
    """A decimal in plain digits, exactly: at least one after the point, no noughts at the end.

    Raises:
        SerializationError: it would fill pages.
    """
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "-Infinity" if value < 0 else "Infinity"
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise SerializationError(f"{value} has more digits than a job should carry.")
    whole, _, fraction = format(value, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def foreign_writer(kind: type) -> Writer | None:
    """How values of a library's class are written, without a need to have the library."""
    if kind.__module__ == "dateutil.relativedelta" and kind.__name__ == "relativedelta":
        return _RELATIVEDELTA_WRITER
    return None


def _read_symbol(data: Mapping[str, Any], _: Rebuild) -> Any:
    return Symbol(text_of(data))


def _read_date(data: Mapping[str, Any], _: Rebuild) -> Any:
    text = text_of(data)
    if _FORBIDDEN_IN_DATE.search(text):
        raise ValueError(f"{text!r} is no date")
    return date.fromisoformat(text)


def _read_time(data: Mapping[str, Any], _: Rebuild) -> Any:
    return moment_of(text_of(data))


def _read_date_time(data: Mapping[str, Any], _: Rebuild) -> Any:
    return RubyDateTime.of(moment_of(text_of(data)))


def _read_zoned_time(data: Mapping[str, Any], _: Rebuild) -> Any:
    moment = moment_of(text_of(data))
    # Rails before 7.2 sends no zone: the time stays at the offset that it was written with.
    name = data.get("time_zone")
    return moment if name is None else moment.astimezone(zones.find(name))


def _read_duration(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    parts = [(bare(unit), _number(number)) for unit, number in rebuild(data["parts"])]
    duration = Duration(_number(data["value"]), parts)
    delta = _as_timedelta(duration)
    return duration if delta is None else delta


def _number(value: Any) -> Any:
    """A number of a duration; as text it is a decimal of Ruby's."""
    return _decimal(value) if isinstance(value, str) else value


def _as_timedelta(duration: Duration) -> timedelta | None:
    """What was written for a timedelta, as one: whole days, then less than a day of seconds."""
    if list(duration.parts) != ["days", "seconds"]:
        return None
    days, seconds = duration.parts.values()
    try:
        delta = timedelta(days=days, seconds=seconds)  # type: ignore[arg-type] -- decimals are refused
    except (TypeError, OverflowError):
        return None
    return delta if dict(Duration.of(delta).parts) == dict(duration.parts) else None


def _read_range(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    exclude_end = data["exclude_end"]
    if not isinstance(exclude_end, bool):
        raise TypeError(f"{RANGE}: exclude_end is {exclude_end!r:.60}; expected true or false")
    return Range(rebuild(data["begin"]), rebuild(data["end"]), exclude_end)


def _read_class(data: Mapping[str, Any], _: Rebuild) -> Any:
    name = text_of(data)
    return classes.find_class(name) or RubyConstant(name)


def _read_decimal(data: Mapping[str, Any], _: Rebuild) -> Any:
    return _decimal(text_of(data))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r:.60} is no decimal number") from None


_RELATIVEDELTA_WRITER = Writer(_write_relativedelta)

#: By type; a subclass is written as the first of these that it is a kind of.
WRITERS: dict[type, Writer] = {
    RubyDateTime: Writer(_write_ruby_date_time),
    Timestamp: Writer(_write_moment),
    datetime: Writer(_write_moment),
    date: _flat(DATE, date.isoformat),
    timedelta: Writer(lambda value, inner: _write_duration(Duration.of(value), inner)),
    Duration: Writer(_write_duration),
    Decimal: _flat(DECIMAL, decimal_text),
    Range: Writer(_write_range),
    range: Writer(_write_python_range),
    RubyConstant: _flat(MODULE, lambda value: value.name),
    type: Writer(_write_class),
}

READERS: dict[str, Reader] = {
    SYMBOL: _read_symbol,
    DATE: _read_date,
    TIME: _read_time,
    DATE_TIME: _read_date_time,
    ZONED_TIME: _read_zoned_time,
    DURATION: _read_duration,
    RANGE: _read_range,
    MODULE: _read_class,
    DECIMAL: _read_decimal,
}
