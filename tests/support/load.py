"""Jobs that never run out while a test goes on: more of them as soon as few are left."""

from __future__ import annotations

from tests.jobs.sample import JournalJob
from tests.support.journal import Line
from tests.support.stage import Stage


class Load:
    """Numbered `JournalJob`s in the default queue; a job's key tells its partition."""

    def __init__(
        self, stage: Stage, *, partitions: int, seconds: float, keys: int = 64, least: int = 3000
    ) -> None:
        self._stage = stage
        self._partitions = partitions
        self._seconds = seconds
        self._keys = keys
        #: So many are there at least, after `top_up`.
        self._least = least
        self._looked = 0
        self.enqueued = 0
        self.done: set[int] = set()

    def news(self) -> list[Line]:
        """What was noted since this was asked last."""
        lines = self._stage.journal.lines(since=self._looked)
        self._looked += len(lines)
        self.done.update(int(line.what) for line in lines if line.event == "done")
        return lines

    def top_up(self) -> None:
        """Enqueue more, if few are left."""
        if self.enqueued - len(self.done) >= self._least:
            return
        numbers = range(self.enqueued, self.enqueued + self._least)
        self.enqueued += self._least
        self._stage.put_keyed(
            (n % self._partitions, n % self._keys, JournalJob(n, self._seconds)) for n in numbers
        )
