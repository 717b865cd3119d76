"""A partition that was just assigned, while any of its records are held back."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from samovar.broker.port import Record

#: A partition that was left in order brings no more than this and what one poll adds.
HELD_RECORDS = 500


@dataclass(slots=True, kw_only=True)
class Arrival:
    """Its waiting records and its suspect. Knows no other partition."""

    #: How many records are still to be begun one at a time; 0 where it was left in order.
    left: int
    #: How often records were begun and never ended, by offset; 0 after `reset_count`.
    counts: dict[int, int] = field(default_factory=dict[int, int])
    #: When it ends at the latest, on the monotonic clock.
    until: float = math.inf
    waiting: deque[Record] = field(default_factory=deque[Record])
    #: Whether the count of the next record was handed to the broker.
    is_noted: bool = False
    #: The record that is suspected, from when its count is stored until it is done with.
    suspect: Record | None = None
    is_begun: bool = False
    #: Whether that record is given up without being performed.
    is_hopeless: bool = False
    #: Whether the last suspect is done with, and the broker has not confirmed that yet: if the
    #: next one killed the process now, the last one would be suspected too.
    is_cleared: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it should bring no more records."""
        return len(self.waiting) > (0 if self.left else HELD_RECORDS)

    @property
    def suspicion(self) -> float:
        """How likely its next records are to have killed a process, beside those of others."""
        return max(self.counts.values(), default=0.5)

    def count_begin(self, most: int) -> int | None:
        """Make the next record the suspect, and count it as begun. If it was begun `most` times
        already, return that count: it must not begin again.
        """
        self.is_noted, self.suspect = True, self.waiting[0]
        deaths = self.counts.get(self.suspect.offset, 0)
        self.is_hopeless = deaths >= most
        if self.is_hopeless:
            return deaths
        self.counts[self.suspect.offset] = deaths + 1
        return None

    def begin(self) -> list[Record]:
        """The suspect runs from now on."""
        self.is_begun = True
        return [self.waiting.popleft()]

    def clear(self) -> None:
        """The suspect is done with."""
        if self.suspect is not None:
            self.counts.pop(self.suspect.offset, None)
        self.suspect, self.is_begun, self.is_hopeless = None, False, False
        self.is_cleared = True
        self.left -= 1
        # Nothing else is to be noted before all the others may begin.
        self.is_noted = not self.left

    def reset_count(self) -> None:
        """If the process dies now, the suspect need not be the reason: others come first."""
        if self.suspect is not None and not self.is_hopeless:
            self.counts[self.suspect.offset] = 0
