"""Time zones by the names of Rails and of the tz database."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from samovar.errors import ArgumentError
from samovar.support import zones


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("Hawaii", "Pacific/Honolulu"),
        ("London", "Europe/London"),
        ("UTC", "Etc/UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_both_kinds_of_names_are_known(name: str, zone: str) -> None:
    assert zones.find(name) == ZoneInfo(zone)


def test_every_name_of_rails_leads_to_a_zone() -> None:
    assert len(zones.rails_names()) == 154
    assert all(zones.find(name).key for name in zones.rails_names())


def test_a_name_that_this_system_lacks_leads_to_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_legacy_names(key: str) -> ZoneInfo:
        if key == "Europe/Kiev":
            raise ZoneInfoNotFoundError(key)
        return ZoneInfo(key)

    monkeypatch.setattr(zones, "ZoneInfo", without_legacy_names)
    zones.find.cache_clear()

    assert zones.find("Europe/Kiev") == ZoneInfo("Europe/Kyiv")
    zones.find.cache_clear()


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", ".", "..", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 999, 5]
)
def test_any_other_name_is_invalid(name: Any) -> None:
    with pytest.raises(ArgumentError, match="Invalid Timezone: "):
        zones.find(name)
