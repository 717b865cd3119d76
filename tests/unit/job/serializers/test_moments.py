"""Times: which of Ruby's three kinds they are, and every digit of them."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.errors import ArgumentError, DeserializationError
from samovar.job.arguments import deserialize, serialize
from samovar.job.serializers.moments import NO_OFFSET, moment_of, text_of_moment
from samovar.types import RubyDateTime, Timestamp

RUBY = "ActiveJob::Serializers::"
BERLIN = ZoneInfo("Europe/Berlin")
NANOS = Timestamp(2026, 1, 2, 3, 4, 5, 123456, UTC, nanosecond=789)


def written(value: Any) -> dict[str, Any]:
    return serialize([value], {})[0]


def read(name: str, **fields: Any) -> Any:
    return deserialize([{"_aj_serialized": RUBY + name, **fields}])[0][0]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000000000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006000Z"),
        (datetime(2026, 1, 2, tzinfo=NO_OFFSET), "2026-01-02T00:00:00.000000000+00:00"),
        (
            datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            "2026-01-02T00:00:00.000000000-09:30",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000000Z"),
        (NANOS, "2026-01-02T03:04:05.123456789Z"),
    ],
)
def test_a_datetime_with_an_offset_is_a_time(moment: datetime, text: str) -> None:
    assert written(moment) == {"_aj_serialized": RUBY + "TimeSerializer", "value": text}


def test_a_datetime_in_a_named_zone_keeps_its_name() -> None:
    assert written(datetime(2026, 7, 1, 12, tzinfo=BERLIN)) == {
        "_aj_serialized": RUBY + "TimeWithZoneSerializer",
        "value": "2026-07-01T12:00:00.000000000+02:00",
        "time_zone": "Europe/Berlin",
    }


@pytest.mark.parametrize(
    ("zone", "end"), [("Etc/UTC", "Z"), ("Europe/London", "+00:00"), ("Etc/GMT", "+00:00")]
)
def test_only_utc_itself_ends_with_z(zone: str, end: str) -> None:
    value = written(datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)))["value"]

    assert value == "2026-01-01T00:00:00.000000000" + end


def test_utc_by_its_short_name_travels_as_rails_calls_it() -> None:
    assert written(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))["time_zone"] == "Etc/UTC"


def test_a_ruby_datetime_in_utc_never_ends_with_z() -> None:
    assert written(RubyDateTime(2026, 1, 2, tzinfo=UTC)) == {
        "_aj_serialized": RUBY + "DateTimeSerializer",
        "value": "2026-01-02T00:00:00.000000000+00:00",
    }


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    twice = [datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1)]

    again, _ = deserialize(serialize([*twice, *map(Timestamp.of, twice)], {}))

    assert [moment.fold for moment in again] == [0, 1, 0, 1]
    assert [moment.astimezone(UTC) for moment in again] == 2 * [t.astimezone(UTC) for t in twice]


def test_an_offset_with_seconds_is_written_as_the_same_instant() -> None:
    local_mean_time = datetime(1880, 1, 1, tzinfo=BERLIN)

    assert written(local_mean_time)["value"] == "1879-12-31T23:59:32.000000000+00:53"
    assert deserialize(serialize([local_mean_time], {}))[0] == [local_mean_time]


def test_a_moment_reads_as_a_timestamp_only_when_a_datetime_cannot_hold_it() -> None:
    fine = read("TimeSerializer", value="2026-01-02T03:04:05.123456789Z")
    coarse = read("TimeSerializer", value="2026-01-02T03:04:05.123456000Z")

    assert (type(fine), fine) == (Timestamp, NANOS)
    assert (type(coarse), coarse.microsecond) == (datetime, 123456)


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05.0000000001Z"]
)
def test_any_number_of_digits_is_read_and_those_past_nine_are_dropped(text: str) -> None:
    assert read("TimeSerializer", value=text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_zoned_time_without_zone_stays_at_its_offset() -> None:
    moment = read("TimeWithZoneSerializer", value="2026-01-02T03:04:05.000000000+09:00")

    assert moment.utcoffset() == timedelta(hours=9)
    assert type(moment.tzinfo) is timezone


def test_a_zoned_time_takes_the_names_of_rails() -> None:
    moment = read("TimeWithZoneSerializer", value="2026-01-02T03:04:05Z", time_zone="Hawaii")

    assert moment.tzinfo == ZoneInfo("Pacific/Honolulu")
    assert moment == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("TimeSerializer", {"value": "2026-01-02T03:04:05"}),
        ("TimeSerializer", {"value": "2026-02-30T03:04:05Z"}),
        ("TimeSerializer", {"value": 5}),
        ("TimeSerializer", {}),
        ("TimeWithZoneSerializer", {"value": "2026-01-02T03:04:05Z", "time_zone": "Mars/One"}),
        ("TimeWithZoneSerializer", {"value": "2026-01-02T03:04:05Z", "time_zone": "../passwd"}),
        ("TimeWithZoneSerializer", {"value": "2026-01-02T03:04:05Z", "time_zone": []}),
        ("TimeWithZoneSerializer", {"value": "0001-01-01T00:00:00Z", "time_zone": "Hawaii"}),
        ("DateTimeSerializer", {"value": "now"}),
        ("DateSerializer", {"value": "2026-W01-1"}),
        ("DateSerializer", {"value": "-0044-03-15"}),
    ],
)
def test_what_is_no_time_is_a_deserialization_error(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(DeserializationError):
        read(name, **fields)


class TestTimestamp:
    def test_it_differs_from_the_datetime_that_lacks_its_nanoseconds(self) -> None:
        cut = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)

        assert cut != NANOS
        assert cut < NANOS < cut + timedelta(microseconds=1)
        assert cut <= NANOS <= NANOS.replace()
        assert not cut > NANOS
        assert not cut > NANOS
        assert not cut >= NANOS
        assert cut < NANOS
        assert NANOS.replace(nanosecond=788) <= NANOS

    def test_without_nanoseconds_it_is_like_the_datetime(self) -> None:
        plain = datetime(2026, 1, 2, tzinfo=UTC)

        assert Timestamp.of(plain) == plain
        assert hash(Timestamp.of(plain)) == hash(plain)
        assert len({plain, Timestamp.of(plain), Timestamp.of(plain, 1)}) == 2

    def test_arithmetic_and_zones_keep_the_nanoseconds(self) -> None:
        day = timedelta(days=1)

        assert (NANOS + day).nanosecond == (day + NANOS).nanosecond == 789
        assert (NANOS - day).nanosecond == NANOS.astimezone(BERLIN).nanosecond == 789
        assert NANOS - (NANOS - day) == day
        assert NANOS.astimezone(BERLIN) == NANOS
        assert NANOS.replace(year=2027).nanosecond == 789
        assert type(RubyDateTime.of(NANOS) + day) is RubyDateTime

    def test_it_survives_copies_and_pickles(self) -> None:
        for again in (copy.deepcopy(NANOS), pickle.loads(pickle.dumps(NANOS))):
            assert (type(again), again, again.nanosecond) == (Timestamp, NANOS, 789)

    def test_it_shows_all_of_itself(self) -> None:
        assert repr(NANOS).endswith(", nanosecond=789)")
        assert NANOS.epoch_ns == 1767323045123456789

    def test_nanoseconds_beyond_the_microsecond_are_refused(self) -> None:
        with pytest.raises(ArgumentError, match="nanosecond is 1000; expected 0 to 999"):
            Timestamp(2026, 1, 1, nanosecond=1000)

    def test_it_compares_with_datetimes_only(self) -> None:
        assert date(2026, 1, 2) != NANOS
        with pytest.raises(TypeError):
            assert NANOS < 5  # type: ignore[operator]


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),
    st.integers(0, 999),
    st.sampled_from([UTC, NO_OFFSET, timezone(timedelta(minutes=-570)), timezone.max]),
)
def test_a_moments_text_says_all_of_it(naive: datetime, nanosecond: int, zone: timezone) -> None:
    moment = Timestamp.of(naive.replace(tzinfo=zone), nanosecond)

    again = moment_of(text_of_moment(moment))

    assert again == moment
    assert text_of_moment(again) == text_of_moment(moment)
