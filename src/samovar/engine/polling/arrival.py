"""A partition that has come, until nothing of it need be held back any more."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from samovar.broker.port import Record

#: A partition that was left in order brings no more than this and what one poll adds.
HELD_RECORDS = 500


@dataclass(slots=True, kw_only=True)
class Case:
    """What waits, and what is on trial. Decides nothing about others."""

    #: So many records are still to be begun one at a time; 0 where it was left in order.
    left: int
    #: How often records were begun and never ended, by offset; 0 for one that was excused.
    counts: dict[int, int] = field(default_factory=dict[int, int])
    #: When it ends at the latest, on the monotonic clock.
    until: float = math.inf
    waiting: deque[Record] = field(default_factory=deque[Record])
    #: Whether it was told to the broker what comes next.
    is_noted: bool = False
    #: The record on trial, from when that is noted until it is done with.
    tried: Record | None = None
    is_begun: bool = False
    #: Whether that record is to be given up unperformed.
    is_hopeless: bool = False
    #: Whether the last one is done with, and the broker has not yet answered that it knows: if the
    #: process died of the next one, this one would be blamed too.
    is_acquitted: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it should bring no more records."""
        return len(self.waiting) > (0 if self.left else HELD_RECORDS)

    @property
    def suspicion(self) -> float:
        """How likely its next records are to have killed a process, beside those of others."""
        return max(self.counts.values(), default=0.5)

    def accuse(self, most: int) -> int | None:
        """The next record is on trial, and counted as begun. How often it was, if that is `most`
        times: then it is not to be begun again.
        """
        self.is_noted, self.tried = True, self.waiting[0]
        deaths = self.counts.get(self.tried.offset, 0)
        self.is_hopeless = deaths >= most
        if self.is_hopeless:
            return deaths
        self.counts[self.tried.offset] = deaths + 1
        return None

    def begin(self) -> list[Record]:
        """The record on trial is worked on from now on."""
        self.is_begun = True
        return [self.waiting.popleft()]

    def acquit(self) -> None:
        """The record on trial is done with."""
        if self.tried is not None:
            self.counts.pop(self.tried.offset, None)
        self.tried, self.is_begun, self.is_hopeless = None, False, False
        self.is_acquitted = True
        self.left -= 1
        # Nothing else is to be noted before all the others may begin.
        self.is_noted = not self.left

    def excuse(self) -> None:
        """If the process dies now, the record on trial need not be why: others are tried first."""
        if self.tried is not None and not self.is_hopeless:
            self.counts[self.tried.offset] = 0
