"""Waiting for a result with a deadline, in place of sleeping for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within: float = 30.0, what: str = "") -> T:
    """Asks `condition` again and again until its answer is truthy, and returns that answer.

    Raises:
        AssertionError: The deadline passed; the message tells what was last seen.
    """
    deadline = time.monotonic() + within
    while not (seen := condition()):
        if time.monotonic() > deadline:
            claim = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"Not within {within:g} s: {claim}. Last seen: {seen!r}")
        time.sleep(0.05)
    return seen
