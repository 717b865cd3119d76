"""Where a list goes on: an opaque text that is safe in a URL."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from samovar.errors import ArgumentError

#: The version of the form; a cursor of another version is refused.
_VERSION = 1


def encode(place: Any) -> str:
    """A place in a list, made of JSON values, as a text. It has to name a single job, not only a
    time: many jobs may have the same time.
    """
    raw = json.dumps([_VERSION, place], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(cursor: str) -> Any:
    """The place again.

    Raises:
        ArgumentError: this is no cursor, or one of another version.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        version, place = json.loads(raw)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise refused(cursor) from error
    if version != _VERSION:
        raise refused(cursor)
    return place


def refused(cursor: str) -> ArgumentError:
    """The error for a cursor that cannot be used."""
    return ArgumentError(f"{cursor!r:.80} is no place in this list; begin at its first page.")
