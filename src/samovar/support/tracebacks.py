"""Tracebacks as text that is safe to log: bounded, escaped, and never an error of their own."""

from __future__ import annotations

import textwrap
import traceback
from pathlib import Path
from types import TracebackType

from samovar.support import raised
from samovar.support.wording import cut, error_text, printable_lines

#: Of a deeper stack only the innermost frames are shown.
MAX_FRAMES = 100
#: Longest traceback, in characters.
MAX_TEXT = 50_000

_OWN_FILES = str(Path(__file__).parent.parent)


def users_traceback(error: BaseException) -> TracebackType | None:
    """The error's traceback without our own frames at its beginning; whole if it is all ours."""
    whole = found = raised.traceback(error)
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        found = found.tb_next
    return found or whole


def backtrace(error: BaseException) -> list[str]:
    """Where the error passed, outermost first: "file:line in function"."""
    frames = traceback.extract_tb(users_traceback(error), -MAX_FRAMES)
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]


def text(error: BaseException) -> str:
    """The traceback, its causes before it. Each line is indented, so that none of them, whatever
    the error says, can be taken for a line of the log.
    """
    return textwrap.indent(printable_lines(cut(_formatted(error), MAX_TEXT)), "  ")


def _formatted(error: BaseException) -> str:
    shown = users_traceback(error)
    try:
        lines = traceback.format_exception(type(error), error, shown, -MAX_FRAMES)
    except BaseException:  # the traceback module reads attributes, which may raise anything
        lines = [*traceback.format_tb(shown, -MAX_FRAMES), error_text(error)]
    return "".join(lines).rstrip("\n")
