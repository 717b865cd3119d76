"""The one place where time is read, and where it is turned into Active Job's text."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_NANOSECONDS = 1_000_000_000

#: The last whole second that was formatted, with its text: most calls fall into the same one.
_last_second: tuple[int, str] = (-1, "")


#: Nanoseconds since the epoch. These are no functions of our own, for the hot path reads the time.
now_ns = time.time_ns
#: Seconds since the epoch.
now = time.time
#: Seconds on a clock that never jumps; for intervals only.
monotonic = time.monotonic
#: The same with the finest steps, to measure how long something took.
ticks = time.perf_counter
#: Wait, in seconds.
sleep = time.sleep


def utc_text(nanoseconds: int) -> str:
    """An instant as Active Job writes it: UTC, nine fraction digits, ``Z``."""
    global _last_second
    second, fraction = divmod(nanoseconds, _NANOSECONDS)
    known, text = _last_second
    if second != known:
        moment = time.gmtime(second)
        text = f"{moment.tm_year:04d}{time.strftime('-%m-%dT%H:%M:%S', moment)}"
        _last_second = (second, text)
    return f"{text}.{fraction:09d}Z"


def to_ns(moment: datetime) -> int:
    """An aware datetime as nanoseconds since the epoch, exactly: one that has an attribute
    `nanosecond` keeps what it has beyond microseconds.
    """
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return microseconds * 1_000 + getattr(moment, "nanosecond", 0)


def from_ns(nanoseconds: int) -> datetime:
    """Nanoseconds since the epoch as an aware UTC datetime, cut to microseconds."""
    second, fraction = divmod(nanoseconds, _NANOSECONDS)
    return datetime.fromtimestamp(second, UTC).replace(microsecond=fraction // 1_000)
