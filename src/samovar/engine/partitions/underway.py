"""Which records of a partition are begun and not done, and so what may be marked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise

#: Offsets from the first up to the last, both included.
Run = tuple[int, int]


class Underway:
    """Offsets as they are admitted, in order, and finished, in any order.

    Offsets may have gaps: what counts is that whatever was admitted is finished. `finish` may be
    called by any thread at any time, all else by one at a time.
    """

    def __init__(self) -> None:
        #: Admitted and not finished, in order; a dict because it forgets from the middle.
        self._open: dict[int, None] = {}
        #: The first offset that was seen, and the one behind the last.
        self._first = self._end = -1
        #: What an earlier owner of the partition finished beyond our `_end`.
        self._known: deque[Run] = deque()

    def __len__(self) -> int:
        """How many there are, and how many runs must be remembered besides."""
        return len(self._open) + len(self._known)

    def recall(self, finished: Iterable[Run]) -> None:
        """These were finished by an earlier owner: they will not be admitted."""
        self._known = deque(finished)

    def admit(self, offset: int) -> bool:
        """Take the next offset; False when it was finished by an earlier owner."""
        if self._first < 0:
            self._first = offset
        known = self._known
        while known and known[0][1] < offset:
            known.popleft()
        is_new = not known or offset < known[0][0]
        if is_new:
            self._open[offset] = None
        self._end = offset + 1
        return is_new

    def finish(self, offset: int) -> None:
        """This one is done with."""
        del self._open[offset]

    def has_finished(self, offset: int) -> bool:
        """Whether this one, which was admitted, is done with."""
        return offset not in self._open

    @property
    def unfinished(self) -> int:
        """How many were admitted and are not finished."""
        return len(self._open)

    def marked(self) -> tuple[int, list[Run]] | None:
        """The lowest offset that is not finished, and what is finished beyond it; None while there
        is nothing new to tell.
        """
        end = self._end
        # One step, during which no other thread finishes anything.
        unfinished = list(self._open)
        position = unfinished[0] if unfinished else end
        finished = [(a + 1, b - 1) for a, b in pairwise([*unfinished, end]) if b - a > 1]
        if position == self._first and not finished:
            return None
        return position, _joined(finished, self._known, end)


def _joined(finished: list[Run], known: Iterable[Run], end: int) -> list[Run]:
    """Add what is known to be finished from `end` on; runs that touch become one."""
    for first, last in known:
        first = max(first, end)
        if first > last:
            continue
        if finished and finished[-1][1] == first - 1:
            first = finished.pop()[0]
        finished.append((first, last))
    return finished
