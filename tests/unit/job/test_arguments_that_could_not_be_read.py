"""What a worker could not read again is refused where it is enqueued, with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from samovar.errors import DeserializationError, PayloadError, SerializationError
from samovar.job.arguments import deserialize, serialize
from samovar.job.job_data import dumps, loads
from samovar.types import Duration, Range, RubyConstant, RubyDateTime, Symbol
from tests.support.applications import application

ODD = timezone(timedelta(seconds=40))


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


WRAPS: dict[str, Callable[[Any], Any]] = {
    "dicts": lambda value: {"a": value},
    "lists": lambda value: [value],
    "tuples": lambda value: (value,),
    "ranges": lambda value: Range(value, None),
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_whatever_depth_is_accepted_is_read_by_a_worker(wrap: Callable[[Any], Any]) -> None:
    accepted = 0
    with application(queue_adapter="inline"):
        for depth in range(1, 600):
            value = nested(depth, wrap)
            try:
                written = loads(dumps({"arguments": serialize([value], {})}))["arguments"]
            except SerializationError as error:
                assert "arguments[0] is nested too deeply" in str(error)  # noqa: PT017 -- some are accepted
                break
            assert deserialize(written) == ([value], {})
            accepted = depth

    assert 40 <= accepted <= 300


@pytest.mark.parametrize(
    "moment",
    [
        datetime.max.replace(tzinfo=ZoneInfo("America/New_York")),
        datetime.min.replace(tzinfo=ZoneInfo("Europe/Berlin")),
        RubyDateTime.max.replace(tzinfo=ZoneInfo("America/New_York"), year=9999),
        datetime(1, 1, 1, 0, 0, 20, tzinfo=ODD),
        datetime.max.replace(tzinfo=timezone(-timedelta(seconds=40))),
    ],
)
def test_a_moment_beyond_the_calendar_is_refused_with_its_place(moment: datetime) -> None:
    with (
        application(queue_adapter="inline"),
        pytest.raises(SerializationError, match=r"arguments\[0\]\['at'\].* years 1 to 9999"),
    ):
        serialize([{"at": moment}], {})


@pytest.mark.parametrize("value", ["\ud800", {"a\ud800": 1}, 10**5000], ids=["text", "key", "int"])
def test_what_json_cannot_hold_is_refused_with_its_place(value: Any) -> None:
    data = {"job_class": "DeepJob", "job_id": "1", "arguments": serialize([1, {"x": value}], {})}

    with pytest.raises(SerializationError, match=r"as JSON: arguments\[1\]\['x'\]"):
        dumps(data)


@pytest.mark.parametrize("days", [10**10, 10**400])
def test_a_duration_longer_than_a_timedelta_stays_a_duration(days: int) -> None:
    [written] = serialize([Duration(days=days, seconds=0)], {})

    assert deserialize([written])[0] == [Duration(days=days, seconds=0)]


RUBY_CANNOT_READ = [
    Range(1, "a"),
    Range("a", Symbol("b")),
    Range(date(2026, 1, 1), "x"),
    Range(True, False),
    Range([1], ["a"]),
    date(1582, 10, 10),
    RubyDateTime(1582, 10, 5, tzinfo=timezone.utc),  # noqa: UP017 -- as users write it
    datetime(2026, 1, 1, tzinfo=ZoneInfo("Factory")),
    RubyConstant("no constant"),
    nested(99, lambda value: [value]),
    nested(99, lambda value: [value] if value != 1 else Symbol("a")),
]
RUBY_READS = [
    Range(1, 2.5),
    Range(None, None),
    Range(Symbol("a"), Symbol("b")),
    Range(date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=ODD)),
    Range(1, timedelta(1)),
    Range([1, "a"], [2, "b"]),
    date(1582, 10, 4),
    datetime(1582, 10, 10, tzinfo=timezone.utc),  # noqa: UP017 -- as users write it
    RubyConstant("Billing::Invoice"),
    nested(98, lambda value: [value]),
]


@pytest.mark.parametrize("value", RUBY_CANNOT_READ, ids=repr)
def test_what_ruby_cannot_read_is_refused_on_its_queues(value: Any) -> None:
    with application(queue_adapter="inline", ruby_queues=["shared"]):
        serialize([value], {}, "ours")
        with pytest.raises(SerializationError, match=r"arguments\[0\]"):
            serialize([value], {}, "shared")


@pytest.mark.parametrize("value", RUBY_READS, ids=repr)
def test_what_ruby_reads_is_let_through(value: Any) -> None:
    with application(queue_adapter="inline", ruby_queues=["shared"]):
        assert serialize([value], {}, "shared")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"_aj_serialized": "ActiveJob::Serializers::BigDecimalSerializer", "value": "abc"}, "abc"),
        (
            {"_aj_serialized": "ActiveJob::Serializers::DurationSerializer", "value": 1},
            "'parts' is missing",
        ),
        ({"_aj_serialized": "MoneyOfNobody"}, "samovar.serializer"),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(form: dict[str, Any], words: str) -> None:
    with pytest.raises(DeserializationError, match=words):
        deserialize([form])


def test_a_number_that_is_too_long_is_not_called_no_json() -> None:
    with pytest.raises(PayloadError, match="A number in the payload"):
        loads(b'{"arguments":[' + b"1" * 5000 + b"]}")
