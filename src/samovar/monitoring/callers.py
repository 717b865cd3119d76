"""Which line of the user's code led here."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

_SAMOVAR = str(Path(__file__).parent.parent) + os.sep
_STANDARD_LIBRARY = str(Path(os.__file__).parent) + os.sep


def users_line() -> str | None:
    """The innermost caller outside of Samovar and the standard library, "file:line".

    The path is relative to the working directory if it lies below it. None when there is no
    such caller, as on a thread that a pool started.
    """
    frame = inspect.currentframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if not _is_passed_over(file):
            return f"{_relative(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def _is_passed_over(file: str) -> bool:
    if file.startswith(_STANDARD_LIBRARY):
        return "-packages" not in file  # installed packages may lie within it
    return file.startswith((_SAMOVAR, "<frozen "))


def _relative(file: str) -> str:
    here = Path.cwd()
    path = Path(file)
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
