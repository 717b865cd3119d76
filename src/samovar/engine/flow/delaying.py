"""Stage admit: no job is performed before its record has a certain age."""

from __future__ import annotations

from samovar.broker.port import Record
from samovar.engine.flow.stages import ADMIT, Admission, Hold


class Delaying:
    """Holds the partition until its foremost record was made `seconds` ago, by its own timestamp.

    Only the foremost one counts: those behind it wait with it, older ones too.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """Hold what is too young. A record without a timestamp is old enough."""
        until = record.timestamp / 1000 + self._seconds
        return ADMIT if until <= now else Hold(until)
