"""Ticks of cron lines around the hours in which clocks are changed, in every zone there is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import pytest

from samovar.recurring.cron import Cron

BERLIN = "Europe/Berlin"
#: Clocks are put back from 03:00 to 02:00.
BACK = int(datetime(2026, 10, 25, 2, tzinfo=ZoneInfo(BERLIN), fold=1).timestamp())
#: Clocks are put forward from 02:00 to 03:00.
FORWARD = int(datetime(2026, 3, 29, 3, tzinfo=ZoneInfo(BERLIN)).timestamp())
HOUR, DAY = 3600, 86_400


def berlin(line: str) -> Cron:
    return Cron(line, ZoneInfo(BERLIN))


def test_a_time_of_day_is_over_in_the_second_pass_of_its_hour() -> None:
    half_past_two = berlin("30 2 * * *")

    for second in (BACK, BACK + 300, BACK + HOUR - 1, BACK + HOUR):
        assert half_past_two.last_tick(second) == BACK - HOUR // 2
        assert half_past_two.next_tick(second) == BACK + DAY + HOUR // 2


def test_several_times_of_day_in_the_repeated_hour_come_once_each() -> None:
    line = berlin("10,50 2 * * *")

    assert line.next_tick(BACK - HOUR) == BACK - HOUR + 600
    assert line.next_tick(BACK - HOUR + 600) == BACK - 600
    assert (line.next_tick(BACK - 600) or 0) > BACK + HOUR
    assert line.last_tick(BACK + 1200) == BACK - 600


def test_quarters_of_an_hour_come_in_both_passes() -> None:
    quarters = berlin("*/15 2 * * *")

    ticks = [BACK - HOUR + 900 * n for n in range(8)]

    assert [quarters.next_tick(tick - 1) for tick in ticks] == ticks
    assert [quarters.last_tick(tick + 899) for tick in ticks] == ticks


def test_quarters_of_an_hour_that_is_left_out_do_not_come() -> None:
    quarters = berlin("*/15 2 * * *")

    assert quarters.last_tick(FORWARD + HOUR) == FORWARD - DAY + HOUR - 900
    assert quarters.next_tick(FORWARD - HOUR) == FORWARD + DAY - HOUR


def test_times_in_the_hour_that_is_left_out_come_together_at_its_end() -> None:
    line = berlin("10,50 2 * * *")

    assert line.next_tick(FORWARD - 1) == FORWARD
    assert line.last_tick(FORWARD + 5) == FORWARD
    assert line.next_tick(FORWARD) == FORWARD + DAY - HOUR + 600


@pytest.mark.parametrize("line", ["30 2 * * *", "*/7 * * * *", "15 0,1,2,3,23 * * *"])
def test_both_directions_agree_in_every_zone_at_every_kind_of_change(line: str) -> None:
    for zone, change in kinds_of_change():
        cron = Cron(line, zone)
        for second in (change - HOUR // 2, change - 1, change, change + 300, change + HOUR):
            where = f"{line} in {zone.key} at {second}"
            following = cron.next_tick(second)
            before = cron.last_tick(second)
            assert following is not None, where
            assert before is not None, where
            assert before <= second < following, where
            assert cron.last_tick(following) == following, where
            assert cron.last_tick(following - 1) == before, where
            assert cron.next_tick(before) == following, where


def test_every_zone_was_looked_at() -> None:
    assert len(list(kinds_of_change())) > 200


def kinds_of_change() -> Iterator[tuple[ZoneInfo, int]]:
    """Changes since 1970 that differ in the time of day or in the offsets, of all zones."""
    seen: set[object] = set()
    for name in sorted(available_timezones()):
        source = resources.files("tzdata.zoneinfo").joinpath(name)
        if not source.is_file():
            continue  # of the machine's own
        data = source.read_bytes()
        if data in seen:
            continue  # another name of a zone
        seen.add(data)
        zone = ZoneInfo(name)
        for change in transitions(data):
            before, after = (datetime.fromtimestamp(change - n, zone) for n in (1, 0))
            kind = (before.time(), before.utcoffset(), after.utcoffset())
            if change > 0 and kind not in seen:
                seen.add(kind)
                yield zone, change


def transitions(data: bytes) -> tuple[int, ...]:
    """The seconds at which a file of the zone database changes something (RFC 8536)."""
    utc, wall, leap, count, types, letters = struct.unpack(">6l", data[20:44])
    start = 44 + count * 5 + types * 6 + letters + leap * 8 + wall + utc  # the second version's
    count = struct.unpack(">l", data[start + 32 : start + 36])[0]
    return struct.unpack(f">{count}q", data[start + 44 : start + 44 + 8 * count])
