"""Arguments on their way to `perform` and back; the numbers are those of the acceptance list."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import samovar
from samovar import (
    ArgumentError,
    DeserializationError,
    Job,
    SerializationError,
    payload,
    use_timezone,
)
from samovar.types import Duration, IndifferentDict, Range, RubyDateTime, Symbol
from tests.jobs.ruby_models import Cart, Money, MoneySerializer, Order, Person
from tests.support.applications import Recording

TIME = datetime(2026, 1, 15, 10, 4, 56, 123456, tzinfo=UTC)
RESERVED = (
    "_aj_globalid",
    "_aj_symbol_keys",
    "_aj_ruby2_keywords",
    "_aj_serialized",
    "_aj_hash_with_indifferent_access",
)


class ArgumentsJob(Job):
    """Gives back what it was given."""

    def perform(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs


class _Word(str):
    """A str that is more than one."""


class _Loud(str):
    """A str with a serializer of its own."""


@samovar.serializer("LoudSerializer", _Loud)
class _LoudSerializer:
    def serialize(self, value: _Loud) -> dict[str, Any]:
        return {"text": str(value)}

    def deserialize(self, data: dict[str, Any]) -> _Loud:
        return _Loud(data["text"])


def performed(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What `perform` is given after a round trip through the payload."""
    raw = payload.dumps(ArgumentsJob(*args, **kwargs).serialize())
    return Job.execute(payload.loads(raw))


def given(*encoded: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What `perform` is given for arguments as they stand on the wire."""
    return Job.execute({**ArgumentsJob().serialize(), "arguments": list(encoded)})


@pytest.mark.parametrize(
    "value",
    [
        None,
        2**80,
        -(2**70),
        1.0,
        1.5,
        "text",
        True,
        False,
        Symbol("sym"),
        date(2001, 2, 3),
        TIME,
        datetime(2026, 1, 15, 12, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/Los_Angeles")),
        RubyDateTime(2026, 1, 15, 10, tzinfo=UTC),
        Duration(years=1, days=-2),
        timedelta(days=1, seconds=2),
        Range(1, 10),
        Range(None, "z", exclude_end=True),
        Cart,
        Decimal("123.45"),
    ],
    ids=repr,
)
def test_11_perform_receives_an_equal_value_of_the_same_type(value: Any) -> None:
    (received,), _ = performed(value)

    assert received == value
    assert type(received) is type(value)


def test_12_a_record_is_looked_up_and_its_gid_as_text_is_not() -> None:
    gid = "gid://samovar/Person/7"

    assert performed(Person("7"), gid)[0] == (Person("7"), gid)


def test_13_records_inside_lists_and_maps_are_looked_up() -> None:
    value = [Person("7"), {"orders": [Order("8")], "by": {"name": Person("9")}}]

    assert performed(value)[0] == (value,)


def test_14_each_key_keeps_its_kind() -> None:
    (received,), _ = performed({Symbol("a"): 1, "b": 2})

    assert received == {"a": 1, "b": 2}
    assert [type(key) for key in received] == [Symbol, str]


def test_15_an_indifferent_map_stays_one_and_others_do_not_become_one() -> None:
    (indifferent, plain), _ = performed(IndifferentDict({"a": {"b": 1}}), {"a": {"b": 1}})

    assert type(indifferent) is IndifferentDict
    assert type(plain) is dict
    assert type(plain["a"]) is dict


def test_16_a_map_without_marker_has_text_keys() -> None:
    (received,), _ = given({"a": 1})

    assert received == {"a": 1}
    assert [type(key) for key in received] == [str]


def test_17_keywords_are_delivered_as_such_and_a_map_in_last_place_is_not() -> None:
    assert performed(1, x=2) == ((1,), {"x": 2})
    assert performed(1, {Symbol("x"): 2}) == ((1, {"x": 2}), {})


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {2: 3}}])
def test_18_keys_that_are_no_text_are_refused(recording: Recording, value: Any) -> None:
    with pytest.raises(SerializationError, match="string and symbol"):
        ArgumentsJob.perform_later(value)
    assert recording.requests == []


@pytest.mark.parametrize("kind", [str, Symbol])
@pytest.mark.parametrize("key", RESERVED)
def test_19_reserved_keys_are_refused(recording: Recording, key: str, kind: type[str]) -> None:
    for arguments in ({kind(key): 1}, [{"deep": {kind(key): 1}}]):
        with pytest.raises(SerializationError, match=re.escape(key)):
            ArgumentsJob.perform_later(arguments)
    with pytest.raises(SerializationError, match=re.escape(key)):
        ArgumentsJob.perform_later(**{key: 1})
    assert recording.requests == []


@pytest.mark.parametrize(
    "value", [object(), type("Nameless", (), {}), re.compile("x"), lambda: None, 1 + 2j]
)
def test_20_a_value_without_a_form_is_refused_and_nothing_is_pushed(
    recording: Recording, value: Any
) -> None:
    with pytest.raises(SerializationError, match=r"arguments\[0\]"):
        ArgumentsJob.perform_later(value)
    assert recording.requests == []


def test_21_an_unsaved_record_is_refused_for_its_missing_id(recording: Recording) -> None:
    unsaved: Any = None

    with pytest.raises(SerializationError, match=r"Person.*id"):
        ArgumentsJob.perform_later(Person(unsaved))
    assert recording.requests == []


def test_22_a_deleted_record_is_told_apart_and_wrapped_once() -> None:
    with pytest.raises(DeserializationError.RecordNotFound) as raised:
        performed([[Person("404")]])

    assert not isinstance(raised.value.__cause__, DeserializationError)
    assert str(raised.value).count("Error while trying to deserialize") <= 1


def test_23_a_lookup_that_breaks_down_is_another_error() -> None:
    with pytest.raises(DeserializationError, match="database is down") as raised:
        performed(Person("500"))

    assert not isinstance(raised.value, DeserializationError.RecordNotFound)
    assert isinstance(raised.value.__cause__, ConnectionError)


def test_24_a_custom_serializer_writes_under_its_name_and_counts_once() -> None:
    samovar.serializer("MoneySerializer", Money)(MoneySerializer)  # again

    data = ArgumentsJob(Money(5, "EUR")).serialize()

    assert data["arguments"] == [
        {"_aj_serialized": "MoneySerializer", "amount": 5, "currency": "EUR"}
    ]
    assert performed(Money(5, "EUR"))[0] == (Money(5, "EUR"),)
    with pytest.raises(ArgumentError, match="MoneySerializer"):
        samovar.serializer("MoneySerializer", Cart)(_LoudSerializer)


def test_25_an_unknown_serializer_is_named() -> None:
    with pytest.raises(DeserializationError, match=r"'NoneSuch' is not known"):
        given({"_aj_serialized": "NoneSuch", "value": 1})


def test_26_a_kind_of_text_arrives_as_text_unless_it_has_a_serializer() -> None:
    (word, loud), _ = performed(_Word("word"), _Loud("loud"))

    assert (type(word), word) == (str, "word")
    assert (type(loud), loud) == (_Loud, "loud")


def test_27_a_zoned_time_keeps_its_zone_wherever_it_is_read() -> None:
    there = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/Los_Angeles"))
    data = ArgumentsJob(there).serialize()

    with use_timezone("London"):
        (received,), _ = Job.execute({**data, "timezone": None})

    assert received == there
    assert received.tzinfo == ZoneInfo("America/Los_Angeles")


def test_28_a_duration_keeps_its_parts() -> None:
    (year,), _ = performed(Duration(years=1))

    assert year + Duration(years=1) == Duration(years=2)
    assert date(2024, 2, 29) + year + year == date(2026, 2, 28)
