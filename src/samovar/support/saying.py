"""Lines for whoever reads a standard stream. Saying them never fails, and never ends anything."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import Literal

#: What a pipe takes whole or not at all, in bytes.
_WHOLE = select.PIPE_BUF


def say(
    text: str, *, to: Literal["stdout", "stderr"] = "stderr", within: float | None = None
) -> None:
    """Write these lines with one write, so that those of several processes do not mix.

    What cannot be written is dropped: the stream is closed, or nobody reads it any more. With
    `within`, so is what its reader has no room for in that many seconds.
    """
    with suppress(Exception):
        stream = getattr(sys, to)
        stream.flush()
        try:
            number = stream.fileno()
        except OSError:  # no file: what a test puts in its place
            stream.write(f"{text}\n")
            stream.flush()
            return
        data = f"{text}\n".encode(errors="backslashreplace")
        if within is not None:
            if not select.select([], [number], [], within)[1]:
                return
            data = data[:_WHOLE]
        while data:
            data = data[os.write(number, data) :]


def drop_unwritten() -> None:
    """What a stream holds and cannot write must not change the exit status of the process."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except Exception:
            setattr(sys, name, None)
