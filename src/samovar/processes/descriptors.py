"""Whether the files of this process are still its own: a job may close what it has not opened."""

from __future__ import annotations

import os


class Descriptors:
    """Watches two that nobody but this process knows."""

    def __init__(self) -> None:
        self._ours = {number: _identity(number) for number in os.pipe()}

    @property
    def are_lost(self) -> bool:
        """Whether somebody has closed them, and so most likely all the others. What is opened next
        gets their numbers, and what is written into the log would go there.
        """
        return any(_identity(number) != known for number, known in self._ours.items())

    def close(self) -> None:
        """Watch no more."""
        for number in self._ours:
            os.close(number)
        self._ours.clear()


def _identity(number: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino
