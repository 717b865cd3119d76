"""Lengths of time: parts by the calendar, kept apart and in their order."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.errors import ArgumentError, DeserializationError
from samovar.job.arguments import deserialize, serialize
from samovar.types import Duration

RUBY = "ActiveJob::Serializers::"
DECIMAL = RUBY + "BigDecimalSerializer"
BERLIN = ZoneInfo("Europe/Berlin")


def symbol(name: str) -> dict[str, Any]:
    return {"_aj_serialized": RUBY + "SymbolSerializer", "value": name}


def again(value: Any) -> Any:
    return deserialize(serialize([value], {}))[0][0]


def test_parts_travel_in_their_order_with_all_of_it_in_seconds() -> None:
    assert serialize([Duration(months=1, days=-2, hours=1.5)], {}) == [
        {
            "_aj_serialized": RUBY + "DurationSerializer",
            "value": 2_629_746 - 172_800 + 5400.0,
            "parts": [[symbol("months"), 1], [symbol("days"), -2], [symbol("hours"), 1.5]],
        }
    ]


@pytest.mark.parametrize(
    "delta",
    [
        timedelta(0),
        timedelta(days=1),
        timedelta(hours=25, microseconds=1),
        timedelta(seconds=-1),
        timedelta.max,
        timedelta.min,
    ],
)
def test_a_timedelta_comes_back_as_one(delta: timedelta) -> None:
    assert (type(again(delta)), again(delta)) == (timedelta, delta)


def test_a_timedelta_is_days_and_seconds_for_ruby() -> None:
    (form,) = serialize([timedelta(hours=25)], {})

    assert (form["value"], form["parts"]) == (
        90_000,
        [[symbol("days"), 1], [symbol("seconds"), 3600]],
    )


def test_two_durations_of_a_year_are_two_years() -> None:
    year = again(Duration(years=1))

    assert dict((year + Duration(years=1)).parts) == {"years": 2}
    assert date(2024, 2, 29) + year + year == date(2026, 2, 28)
    assert date(2024, 2, 29) + (year + year) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        (date(2024, 1, 31), Duration(months=1), date(2024, 2, 29)),
        (date(2024, 3, 31), -Duration(months=1), date(2024, 2, 29)),
        (date(2024, 1, 31), Duration(months=13, days=1), date(2025, 3, 1)),
        (date(2024, 1, 1), Duration(weeks=1, days=-1), date(2024, 1, 7)),
        (datetime(2024, 1, 1), Duration(years=1.5), datetime(2025, 7, 1)),
        (
            datetime(2026, 3, 28, 12, tzinfo=BERLIN),
            Duration(days=1),
            datetime(2026, 3, 29, 12, tzinfo=BERLIN),
        ),
        (
            datetime(2026, 3, 28, 12, tzinfo=BERLIN),
            Duration(hours=24),
            datetime(2026, 3, 29, 13, tzinfo=BERLIN),
        ),
    ],
)
def test_months_go_by_the_calendar_days_by_the_clock_hours_exactly(
    start: date, duration: Duration, end: date
) -> None:
    assert start + duration == end
    assert start - -duration == end


def test_durations_and_timedeltas_compare_and_add_up() -> None:
    assert Duration(hours=1) == timedelta(hours=1) == Duration(minutes=60)
    assert len({Duration(hours=1), timedelta(hours=1), Duration(minutes=60)}) == 1
    assert Duration(hours=1) < timedelta(hours=2) <= Duration(hours=2)
    assert Duration(months=1) > Duration(weeks=4) >= timedelta(weeks=4)
    assert timedelta(hours=1) + Duration(hours=1) == Duration(hours=2)
    assert Duration(hours=3) - timedelta(hours=1) == 2 * Duration(hours=1)
    assert Duration(hours=1).total_seconds() == 3600.0
    assert not Duration()
    assert Duration(hours=1) != 3600
    assert datetime(2026, 1, 1, tzinfo=UTC) + Duration(seconds=1) > datetime(2026, 1, 1, tzinfo=UTC)


def test_a_duration_can_be_built_as_ruby_does() -> None:
    assert dict(Duration(90, {"minutes": 1, "seconds": 30}).parts) == {"minutes": 1, "seconds": 30}
    assert dict(Duration(90).parts) == {"seconds": 90}
    assert repr(Duration(months=1, days=2)) == "Duration(months=1, days=2)"
    assert pickle.loads(pickle.dumps(Duration(months=1))).parts == {"months": 1}


@pytest.mark.parametrize("parts", [{"fortnights": 1}, {"days": "1"}, {"days": True}])
def test_other_parts_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"Duration has the part '{next(iter(parts))}'"):
        Duration(**parts)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"value": 1, "parts": 1},
        {"value": "one", "parts": []},
        {"value": 1, "parts": [["fortnights", 1]]},
        {"value": 1, "parts": [[symbol("days")]]},
        {"value": 1, "parts": [["days", True], ["seconds", 0]]},
    ],
)
def test_what_is_no_duration_is_a_deserialization_error(fields: dict[str, Any]) -> None:
    with pytest.raises(DeserializationError):
        deserialize([{"_aj_serialized": RUBY + "DurationSerializer", **fields}])


NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)


@given(st.dictionaries(st.sampled_from(["years", "months", "days", "seconds"]), NUMBERS))
def test_parts_survive_the_trip(parts: dict[str, Any]) -> None:
    duration = Duration(**parts)

    survivor = again(duration)

    assert survivor == duration
    if isinstance(survivor, Duration):
        assert list(survivor.parts.items()) == list(parts.items())
    else:
        assert set(parts) == {"days", "seconds"}


@given(st.timedeltas())
def test_every_timedelta_survives_the_trip(delta: timedelta) -> None:
    assert (type(again(delta)), again(delta)) == (timedelta, delta)


def test_a_duration_that_ruby_made_without_parts_stays_without() -> None:
    form = {"_aj_serialized": RUBY + "DurationSerializer", "value": 90, "parts": []}

    [duration], _ = deserialize([form])

    assert (duration.value, dict(duration.parts)) == (90, {})
    assert serialize([duration], {}) == [form]
    assert datetime(2026, 1, 1, tzinfo=UTC) + duration == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert dict((duration + Duration(seconds=1)).parts) == {"seconds": 91}
    assert repr(duration) == "Duration(90, parts={})"
    assert pickle.loads(pickle.dumps(duration)).parts == {}


@pytest.mark.parametrize("part", ["1.25", {"_aj_serialized": DECIMAL, "value": "1.25"}])
def test_a_duration_of_a_decimal_is_read_as_any_rails_writes_it(part: Any) -> None:
    form = {
        "_aj_serialized": RUBY + "DurationSerializer",
        "value": "108000.0",
        "parts": [[symbol("days"), part]],
    }

    [duration], _ = deserialize([form])

    assert (duration.value, dict(duration.parts)) == (Decimal(108000), {"days": Decimal("1.25")})
    [written] = serialize([duration], {})
    assert written["value"] == "108000.0"
    assert written["parts"] == [[symbol("days"), {"_aj_serialized": DECIMAL, "value": "1.25"}]]


def test_a_duration_of_a_decimal_can_be_reckoned_with() -> None:
    duration = Duration(days=Decimal("1.25"), seconds=0.5)

    assert duration == timedelta(days=1.25, seconds=0.5)
    assert (duration * 2).total_seconds() == 216_001.0
    assert (duration + Duration(days=0.75)).parts["days"] == Decimal("2.00")
    assert datetime(2026, 1, 1, tzinfo=UTC) + Duration(days=Decimal("1.5")) == datetime(
        2026, 1, 2, 12, tzinfo=UTC
    )
    assert duration > Duration(days=1)
