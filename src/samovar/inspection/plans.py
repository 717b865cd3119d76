"""Acting on many jobs: first a plan that shows what would be done, then exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from samovar.inspection.filters import JobFilter
from samovar.inspection.values import Count, JobView

Action = Literal["retry", "discard"]
#: How long a plan may be carried out.
VALID = timedelta(minutes=10)
#: How many jobs a plan shows.
SAMPLES = 5
#: Above this number of jobs, or for ready ones, the number has to be typed.
UNCONFIRMED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an action would do to the jobs that are there now, and to no later ones."""

    action: Action
    filter: JobFilter
    #: Where the list begins and ends, as a cursor: jobs that come later are not part of it.
    cut_off: str
    count: Count
    #: How many jobs of each class were seen; of those that are no jobs the name is empty.
    by_class: Mapping[str, int]
    samples: tuple[JobView, ...]
    #: Jobs that would stay where they are, each with the reason; the first 100 of those seen.
    refused: tuple[tuple[JobView, str], ...]
    asked_at: datetime

    @property
    def valid_until(self) -> datetime:
        """When it is too old to be carried out."""
        return self.asked_at + VALID

    @property
    def asks_for_number(self) -> bool:
        """Whether a person should type the number of jobs first."""
        is_many = self.count.kind != "exact" or self.count.value > UNCONFIRMED
        return is_many or self.filter.state == "ready"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done in one step of an action."""

    done: tuple[JobView, ...]
    #: Jobs that stay as they are, each with the reason.
    refused: tuple[tuple[JobView, str], ...] = ()
