"""The notation that the golden vectors have for Ruby's values.

See tests/golden/README.md; `{"t": "int", "v": "1"}` is the integer 1.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from samovar.job.classes import find_class, registered_name
from samovar.types import (
    Duration,
    IndifferentDict,
    Range,
    RubyConstant,
    RubyDateTime,
    Symbol,
    Timestamp,
)
from tests.jobs.ruby_models import Money, Order, Person

Meaning = dict[str, Any]

MODELS = {"Person": Person, "Shop::Order": Order}


def meaning_of(value: Any) -> Meaning:
    """A Python value in the notation; raises KeyError for a type that it does not know."""
    return _MEANINGS[type(value)](value)


def value_of(meaning: Meaning) -> Any:
    """The Python value that the notation stands for."""
    return _VALUES[meaning["t"]](meaning)


def _of_list(value: list[Any]) -> Meaning:
    return {"t": "array", "v": [meaning_of(item) for item in value]}


def _of_dict(name: str) -> Callable[[dict[str, Any]], Meaning]:
    return lambda value: {
        "t": name,
        "v": [[meaning_of(key), meaning_of(item)] for key, item in value.items()],
    }


def _of_moment(moment: datetime) -> Meaning:
    offset = moment.utcoffset()
    assert offset is not None
    shown = {
        "epoch_ns": str(Timestamp.of(moment).epoch_ns),
        "utc_offset": int(offset.total_seconds()),
    }
    if type(moment) is RubyDateTime:
        return {"t": "datetime", **shown}
    if isinstance(moment.tzinfo, ZoneInfo):
        return {"t": "zoned_time", **shown, "zone": moment.tzinfo.key}
    return {"t": "time", **shown}


def _of_duration(duration: Duration) -> Meaning:
    parts = [[unit, meaning_of(number)] for unit, number in duration.parts.items()]
    return {"t": "duration", "value": meaning_of(duration.value), "parts": parts}


def _of_decimal(value: Decimal) -> Meaning:
    text = format(value, "f")
    return {"t": "decimal", "v": text if "." in text or not value.is_finite() else f"{text}.0"}


def _of_range(value: Range) -> Meaning:
    ends = {"begin": meaning_of(value.begin), "end": meaning_of(value.end)}
    return {"t": "range", **ends, "exclude_end": value.exclude_end}


def _of_record(record: Person | Order) -> Meaning:
    name = next(name for name, model in MODELS.items() if type(record) is model)
    gid = f"gid://samovar/{name}/{quote_plus(record.id)}"
    return {"t": "record", "class": name, "id": record.id, "gid": gid}


def _of_money(money: Money) -> Meaning:
    fields = {"amount": meaning_of(money.amount), "currency": meaning_of(money.currency)}
    return {"t": "custom", "class": "Money", "fields": fields}


def _text(name: str) -> Callable[[Any], Meaning]:
    return lambda value: {"t": name, "v": str(value)}


_MEANINGS: dict[type, Callable[[Any], Meaning]] = {
    type(None): lambda _: {"t": "null"},
    bool: lambda value: {"t": "bool", "v": value},
    int: _text("int"),
    str: _text("str"),
    Symbol: _text("symbol"),
    float: lambda value: {"t": "float", "v": repr(value)},
    list: _of_list,
    dict: _of_dict("hash"),
    IndifferentDict: _of_dict("indifferent_hash"),
    date: _text("date"),
    datetime: _of_moment,
    Timestamp: _of_moment,
    RubyDateTime: _of_moment,
    Duration: _of_duration,
    timedelta: lambda value: _of_duration(Duration.of(value)),
    Decimal: _of_decimal,
    Range: _of_range,
    RubyConstant: lambda value: {"t": "module", "v": value.name},
    type: lambda value: {"t": "module", "v": registered_name(value)},
    Person: _of_record,
    Order: _of_record,
    Money: _of_money,
}


def _moment(meaning: Meaning) -> Timestamp:
    microseconds, nanosecond = divmod(int(meaning["epoch_ns"]), 1000)
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    offset = meaning["utc_offset"]
    local = utc.astimezone(timezone(timedelta(seconds=offset))) if offset else utc
    return Timestamp.of(local, nanosecond)


def _pairs(meaning: Meaning) -> dict[Any, Any]:
    return {value_of(key): value_of(item) for key, item in meaning["v"]}


def _duration(meaning: Meaning) -> Duration:
    parts = {unit: value_of(number) for unit, number in meaning["parts"]}
    return Duration(value_of(meaning["value"]), parts)


_VALUES: dict[str, Callable[[Meaning], Any]] = {
    "null": lambda _: None,
    "bool": lambda m: m["v"],
    "str": lambda m: m["v"],
    "int": lambda m: int(m["v"]),
    "float": lambda m: float(m["v"]),
    "decimal": lambda m: Decimal(m["v"]),
    "symbol": lambda m: Symbol(m["v"]),
    "array": lambda m: [value_of(item) for item in m["v"]],
    "hash": _pairs,
    "indifferent_hash": lambda m: IndifferentDict(_pairs(m)),
    "date": lambda m: date.fromisoformat(m["v"]),
    "time": _moment,
    "datetime": lambda m: RubyDateTime.of(_moment(m)),
    "zoned_time": lambda m: _moment(m).astimezone(ZoneInfo(m["zone"])),
    "duration": _duration,
    "range": lambda m: Range(value_of(m["begin"]), value_of(m["end"]), m["exclude_end"]),
    "module": lambda m: find_class(m["v"]) or RubyConstant(m["v"]),
    "record": lambda m: MODELS[m["class"]](m["id"]),
    "custom": lambda m: Money(**{name: value_of(item) for name, item in m["fields"].items()}),
}
