"""A job hash whose values are of use, which is what a job can be made of.

Bytes that are in order become one at once, the types looked at on the way. Where they are not, or
where the hash was read before, `check` takes it value by value and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from samovar.errors import PayloadError
from samovar.support import clock

#: The digits of a fraction that a datetime cannot hold.
_BEYOND_MICROSECONDS = re.compile(r"\.\d{6}(\d{1,3})")


class CheckedData(msgspec.Struct, gc=False):
    """What a job takes from its hash; a key that the hash lacks has its default."""

    job_class: str
    arguments: list[Any]
    job_id: Any = None
    provider_job_id: Any = None
    queue_name: Any = None
    priority: Any = None
    executions: int = 0
    exception_executions: dict[str, Any] | None = None
    locale: str | None = None
    timezone: str | None = None
    #: The times are still as they came: see `moment` and `instant`.
    enqueued_at: Any = None
    scheduled_at: Any = None


_decode = msgspec.json.Decoder(CheckedData).decode


def read(raw: bytes | None) -> CheckedData | None:
    """From UTF-8 JSON; None where something is not in order."""
    try:
        return _decode(raw)  # type: ignore[arg-type] -- a tombstone is a TypeError
    except (TypeError, ValueError, RecursionError):
        return None


def check(data: Mapping[str, Any]) -> CheckedData:
    """From a hash; what is None in it has its default too.

    Raises:
        PayloadError: a value is of no use; names its key.
    """
    get = data.get
    arguments: Any = _expect(list, "a list", "arguments", get("arguments")) or []
    return CheckedData(
        get("job_class") or "",
        arguments,
        get("job_id"),
        get("provider_job_id"),
        get("queue_name"),
        get("priority"),
        _expect(int, "a whole number", "executions", get("executions")) or 0,
        _expect(dict, "an object", "exception_executions", get("exception_executions")),
        _expect(str, "a name", "locale", get("locale")),
        _expect(str, "a name", "timezone", get("timezone")),
        get("enqueued_at"),
        get("scheduled_at"),
    )


def moment(key: str, value: Any) -> datetime:
    """A time of a hash: its text, or a datetime.

    Raises:
        PayloadError: it is neither.
    """
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        if isinstance(value, datetime):
            return value
        raise PayloadError(f"{key} is {value!r}; expected an ISO 8601 time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def instant(key: str, value: Any) -> int:
    """The same as nanoseconds since the epoch, exactly.

    Raises:
        PayloadError: it is no time, or has no form in UTC.
    """
    try:
        nanoseconds = clock.to_ns(moment(key, value))
    except OverflowError:
        raise PayloadError(f"{key} is {value!r}, which has no form in UTC.") from None
    if isinstance(value, str) and (beyond := _BEYOND_MICROSECONDS.search(value)):
        nanoseconds += int(beyond[1].ljust(3, "0"))
    return nanoseconds


def _expect(kind: type, what: str, key: str, value: Any) -> Any:
    if value is None or value.__class__ is kind:
        return value
    raise PayloadError(f"{key} is {value!r:.60}; expected {what}.")
