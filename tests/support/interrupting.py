"""Runs code in the middle of other code of the same thread, as finalizers are run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

#: Only steps of these files are interrupted.
_OURS = "samovar"


def interrupted_at_every_step(
    call: Callable[[], object], interrupt: Callable[[], object], *, every: int = 1
) -> Iterator[int]:
    """Make the call again and again: in the n-th one, `interrupt` runs before its n-th line. Gives
    n after each call, and ends with the first call that has no n-th line.
    """
    step = 1
    while True:
        left = step

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal left
            if _OURS not in frame.f_code.co_filename:
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    interrupt()
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
        yield step
        if left > 0:
            return
        step += every
