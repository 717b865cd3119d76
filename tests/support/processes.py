"""Looking at processes that are not children of the test."""

from __future__ import annotations

import psutil


def has_ended(pid: int) -> bool:
    """Whether the process is gone; one that nobody has waited for counts as gone."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def children(pid: int) -> list[int]:
    """The processes that this one started and that still run."""
    return [child.pid for child in psutil.Process(pid).children() if not has_ended(child.pid)]
