"""Records in their lanes: of each lane one is ready or in work, the others wait behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress

from samovar.broker.port import Record

#: Records of equal lane are performed one after the other.
LaneOf = Callable[[Record], Hashable]


def by_key(record: Record) -> Hashable:
    """A lane for each key, and one of its own for each record without a key."""
    return record.offset if record.key is None else record.key


class Lanes:
    """Not safe for threads, except that any of them may take from `ready`."""

    def __init__(self, lane_of: LaneOf | None) -> None:
        """Without `lane_of` nothing waits for anything."""
        self.lane_of = lane_of
        #: What may be performed now, side by side.
        self.ready: deque[Record] = deque()
        #: For each lane of which one is ready or in work: what waits behind that one.
        self._behind: dict[Hashable, deque[Record]] = {}

    def enter(self, record: Record) -> None:
        """One more record, behind all others of its lane."""
        if self.lane_of is not None:
            lane = self.lane_of(record)
            behind = self._behind.get(lane)
            if behind is not None:
                behind.append(record)
                return
            self._behind[lane] = deque()
        self.ready.append(record)

    def leave(self, record: Record) -> Record | None:
        """This one is done with; the next one of its lane, to be made ready."""
        if self.lane_of is None:
            return None
        lane = self.lane_of(record)
        if behind := self._behind.get(lane):
            return behind.popleft()
        self._behind.pop(lane, None)
        return None

    def clear(self) -> list[Record]:
        """Take out all that was not begun, and forget the lanes, also of what is in work."""
        waiting = [r for behind in self._behind.values() for r in behind]
        self._behind.clear()
        # Others may take from these meanwhile.
        with suppress(IndexError):
            while True:
                waiting.append(self.ready.popleft())
        return waiting
