"""Database connections of delivered jobs, looked after as Django does around requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from weakref import WeakSet

from django.db import connections

#: Connections that jobs opened. Others belong to whoever called an adapter that performs at once.
_ours: WeakSet[Any] = WeakSet()


def tidied(job: object) -> Generator[None, None, None]:
    """Around a delivered job: connections that broke or outlived CONN_MAX_AGE are closed."""
    foreign = _begin()
    try:
        yield
    finally:
        _end(foreign)


def _begin() -> set[Any]:
    """Close what is of no use any more; the connections that are none of ours."""
    foreign: set[Any] = set()
    for connection in connections.all(initialized_only=True):
        if connection in _ours:
            connection.queries_log.clear()
            connection.close_if_unusable_or_obsolete()
        elif connection.connection is not None:
            foreign.add(connection)
    return foreign


def _end(foreign: set[Any]) -> None:
    for connection in connections.all(initialized_only=True):
        if connection not in foreign:
            connection.close_if_unusable_or_obsolete()
            (_ours.discard if connection.connection is None else _ours.add)(connection)
