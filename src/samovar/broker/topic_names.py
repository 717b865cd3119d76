"""Which names a topic may have: those that Kafka takes, but its own."""

from __future__ import annotations

import re

_LEGAL = re.compile(
    r"(?!(?:\.{1,2}|__(?:consumer_offsets|transaction_state|share_group_state))\Z)"
    r"[A-Za-z0-9._-]{1,249}"
)


def is_legal(name: object) -> bool:
    """Whether a topic can have this name, and may be written to."""
    return isinstance(name, str) and _LEGAL.fullmatch(name) is not None
