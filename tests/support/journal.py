"""What jobs did, in the order they did it: a file that every process of a test appends to."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.support.eventually import eventually

#: The environment variable that tells a worker process where its journal is.
VARIABLE = "JOURNAL"


class Line(NamedTuple):
    """One thing that happened in one process."""

    #: Seconds on the monotonic clock, which all processes of a machine share.
    at: float
    pid: int
    event: str
    what: str


def write(event: str, what: object = "") -> None:
    """Note something; a job calls this. One write, so lines of several processes never mix."""
    line = f"{time.monotonic():.6f} {os.getpid()} {event} {what}\n"
    os.write(_opened(os.environ[VARIABLE]), line.encode())


@functools.cache
def _opened(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


class Journal:
    """The journal as a test reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        #: What was read so far, and how many bytes that were: journals grow to millions of lines.
        self._lines: list[Line] = []
        self._read = 0

    def lines(self, *events: str, since: int = 0) -> list[Line]:
        """What was noted, in order; only these events, if any are named. `since` leaves out so
        many lines at the beginning.
        """
        with self.path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _torn = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        self._lines += [_line(text) for text in whole.decode().split("\n") if text]
        found = self._lines[since:] if since else self._lines
        return [line for line in found if not events or line.event in events]

    def notes(self, event: str = "done") -> list[str]:
        """What this event was noted with, in order."""
        return [line.what for line in self.lines(event)]

    def numbers(self, event: str = "done") -> list[int]:
        """The same for jobs that are known by a number."""
        return [int(what) for what in self.notes(event)]

    def pids(self) -> set[int]:
        """The processes that noted something."""
        return {line.pid for line in self.lines()}

    def wait(
        self, condition: Callable[[Journal], object], *, within: float = 60.0, what: str = ""
    ) -> None:
        """Wait until what was noted fulfils the condition."""
        try:
            eventually(lambda: condition(self), within=within, what=what)
        except AssertionError as late:
            noted = "\n".join(self.path.read_text().splitlines()[-20:])
            raise AssertionError(f"{late}\nThe end of the journal:\n{noted}") from None

    def wait_for(self, event: str, *whats: object, within: float = 60.0) -> None:
        """Wait until this event was noted with each of these."""
        missing = {str(what) for what in whats}

        def noted_all(journal: Journal) -> bool:
            missing.difference_update(journal.notes(event))
            return not missing

        try:
            self.wait(noted_all, within=within, what=f"{event} of {len(whats)} jobs is noted")
        except AssertionError as late:
            few = ", ".join(sorted(missing)[:20])
            raise AssertionError(f"{len(missing)} are missing: {few}\n{late}") from None


def _line(text: str) -> Line:
    at, pid, event, what = text.split(" ", 3)
    return Line(float(at), int(pid), event, what)
