"""Ticks of cron lines and intervals, forwards and backwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.errors import ArgumentError
from samovar.recurring.schedule import Every, Schedule, read


def cron(line: str, zone: str = "UTC") -> Schedule:
    return read(cron=line, every=None, time_zone=zone)


def seconds(year: int, *rest: int, zone: str = "UTC") -> int:
    moment: Any = datetime(year, *rest, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]
    return int(moment.timestamp())


def test_a_cron_line_is_read_in_its_time_zone() -> None:
    nightly = cron("0 2 * * *", "Asia/Tokyo")

    tick = nightly.next_tick(seconds(2026, 5, 1, 0)) or 0

    assert tick == seconds(2026, 5, 2, 2, zone="Asia/Tokyo")
    assert nightly.last_tick(tick) == tick
    assert nightly.last_tick(tick - 1) == tick - 86_400
    assert nightly.next_tick(tick) == tick + 86_400


def test_rails_names_of_zones_are_known() -> None:
    assert cron("0 2 * * *", "Eastern Time (US & Canada)").next_tick(0) is not None


def test_a_tick_that_summer_time_leaves_out_comes_at_the_end_of_the_gap() -> None:
    half_past_two = cron("30 2 * * *", "Europe/Berlin")

    tick = half_past_two.next_tick(seconds(2026, 3, 28, 12, zone="Europe/Berlin")) or 0

    assert tick == seconds(2026, 3, 29, 3, zone="Europe/Berlin")
    assert half_past_two.last_tick(tick + 3600) == tick


def test_a_fixed_time_comes_once_when_clocks_are_put_back() -> None:
    half_past_two = cron("30 2 * * *", "Europe/Berlin")
    noon = seconds(2026, 10, 24, 12, zone="Europe/Berlin")

    first = half_past_two.next_tick(noon)
    assert first is not None
    second = half_past_two.next_tick(first)

    assert second is not None
    assert datetime.fromtimestamp(second, ZoneInfo("Europe/Berlin")).day == 26


LINES = ("* * * * *", "*/7 * * * *", "0 2 * * *", "30 2 * * SUN", "15 1,2,3 * * *", "0 0 29 2 *")


@given(
    st.sampled_from(LINES),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(seconds(2024, 1, 1), seconds(2027, 1, 1)),
)
def test_forwards_and_backwards_agree(line: str, zone: str, now: int) -> None:
    schedule = cron(line, zone)

    following = schedule.next_tick(now)
    assert following is not None
    assert following > now
    assert schedule.last_tick(following) == following
    before = schedule.last_tick(following - 1)
    assert before is None or before <= now
    if before is not None:
        assert schedule.next_tick(before) == following


def test_every_so_often_means_the_same_ticks_for_everybody() -> None:
    every = read(cron=None, every=timedelta(minutes=1), time_zone="UTC")

    assert every == Every(60)
    assert [every.next_tick(59), every.next_tick(60)] == [60, 120]
    assert [every.last_tick(60), every.last_tick(119)] == [60, 60]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "one of them"),
        ({"cron": "* * * * *", "every": 5}, "one of them"),
        ({"cron": "* * *"}, r"cron is '\* \* \*'"),
        ({"cron": "61 * * * *"}, "cron is '61"),
        ({"cron": 5}, "cron is 5"),
        ({"every": 0}, "every is 0"),
        ({"every": 1.5}, r"every is 1\.5"),
        ({"every": True}, "every is True"),
        ({"every": float("nan")}, "every is nan"),
        ({"every": float("inf")}, "every is inf"),
        ({"every": "1m"}, "every is '1m'"),
        ({"cron": "* * * * *", "time_zone": "Mars/Base"}, "time_zone is 'Mars/Base'"),
        ({"cron": "* * * * *", "time_zone": None}, "time_zone is None"),
    ],
)
def test_what_is_no_schedule_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        read(**{"cron": None, "every": None, "time_zone": "UTC"} | options)


def test_a_schedule_says_what_it_is() -> None:
    assert str(cron("0 2 * * *", "Europe/Berlin")) == "0 2 * * * (Europe/Berlin)"
    assert str(Every(60)) == "every 60 s"
