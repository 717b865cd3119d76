"""Events that were announced while a block ran."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from samovar import subscribe, unsubscribe
from samovar.events import Event


@contextmanager
def heard(*names: str) -> Generator[list[Event], None, None]:
    """The events of these names, in order, as they come."""
    told: list[Event] = []

    def hear(event: Event) -> None:
        told.append(event)

    for name in names:
        subscribe(name)(hear)
    try:
        yield told
    finally:
        unsubscribe(hear)
