"""Stage admit: so many jobs of a partition within so much time, and no more."""

from __future__ import annotations

from collections import deque

from samovar.broker.port import Record
from samovar.engine.flow.stages import ADMIT, Admission, Hold


class Throttling:
    """Admits at most `limit` records within any `interval` seconds: the window slides.

    A record counts once, however often its job is tried. What was admitted is forgotten when the
    partition leaves.
    """

    def __init__(self, limit: int, interval: float) -> None:
        self._limit = limit
        self._interval = interval
        #: When the last `limit` records were admitted, the earliest first.
        self._admitted: deque[float] = deque(maxlen=limit)
        #: The highest offset among them.
        self._newest = -1

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """Hold until the earliest of the last `limit` leaves the window."""
        # Where failures add up, `attempt` may stem from another record.
        if attempt and record.offset <= self._newest:
            return ADMIT
        admitted = self._admitted
        if len(admitted) == self._limit:
            # An admission that lies ahead was noted before the clock was set back.
            until = admitted[0] + self._interval
            if admitted[0] <= now < until:
                return Hold(until)
        admitted.append(now)
        if record.offset > self._newest:
            self._newest = record.offset
        return ADMIT
