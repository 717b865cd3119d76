"""What a route says about the pace of its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from samovar.support.conversion import PositiveSeconds, at_least


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `limit` jobs of a partition in each `interval`."""

    #: Jobs.
    limit: Annotated[int, at_least(1)]
    #: Seconds, or a timedelta.
    interval: PositiveSeconds | timedelta

    @property
    def seconds(self) -> float:
        """The interval in seconds."""
        span = self.interval
        return span.total_seconds() if isinstance(span, timedelta) else span
