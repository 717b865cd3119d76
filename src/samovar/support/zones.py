"""Time zones by name: Rails has names of its own beside those of the tz database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from samovar.errors import ArgumentError

#: Names that Rails goes on using and that some systems install only on demand (tzdata-legacy).
_NEWER_NAMES = {
    "America/Godthab": "America/Nuuk",
    "Asia/Chongqing": "Asia/Shanghai",
    "Asia/Rangoon": "Asia/Yangon",
    "Australia/Canberra": "Australia/Sydney",
    "Europe/Bratislava": "Europe/Prague",
    "Europe/Kiev": "Europe/Kyiv",
}


@lru_cache(maxsize=1024)
def find(name: str) -> ZoneInfo:
    """The zone of that name, be it Rails' ("Eastern Time (US & Canada)") or the tz database's.

    Raises:
        ArgumentError: there is none.
    """
    try:
        return _load(database_name(name))
    except (LookupError, ValueError, TypeError, OSError):
        # A name that leads to no file, to a directory, out of the database, or is no text.
        raise ArgumentError(f"Invalid Timezone: {name}") from None


def _load(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        if name not in _NEWER_NAMES:
            raise
        return ZoneInfo(_NEWER_NAMES[name])


def database_name(name: str) -> str:
    """The tz database's name for a zone; a name that Rails has not is its own."""
    return rails_names().get(name, name)


@cache
def rails_names() -> Mapping[str, str]:
    """Every zone that Rails names, with its name in the tz database."""
    table = resources.files("samovar.support").joinpath("rails_zones.txt").read_text("utf-8")
    rows = (line.partition("=") for line in table.splitlines())
    return {name: zone for zone, _, names in rows for name in names.split(";")}
