"""Stage admit: a job that has become too old is not performed any more."""

from __future__ import annotations

from samovar.broker.port import Record
from samovar.engine.flow.stages import ADMIT, Admission, Skip


class Expiry:
    """Skips records that were made more than `seconds` ago, by their own timestamp.

    Asked again before each retry, so a job that grew old while it backed off goes as well.
    """

    def __init__(self, seconds: float) -> None:
        self._milliseconds = seconds * 1000
        self._skip = Skip(f"older than {seconds:g} s")

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """Skip what is too old. A record without a timestamp has no age, and never is."""
        made = record.timestamp
        if made > 0 and now * 1000 - made > self._milliseconds:
            return self._skip
        return ADMIT
