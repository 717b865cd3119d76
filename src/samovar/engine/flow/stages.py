"""What may be done with the record in front, asked just before its job would be performed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from samovar.broker.port import Record


@dataclass(frozen=True, slots=True)
class Admit:
    """Perform it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not perform it: it is done with, and the next one is looked at."""

    #: The reason, as events say it: "older than 60 s".
    why: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Not yet: the partition waits, and the same record is asked about again."""

    #: Seconds since the epoch.
    until: float


Admission = Admit | Skip | Hold
ADMIT = Admit()


class Stage(Protocol):
    """A feature that has a say in it. One object a partition, made when the partition comes.

    A stage is asked by one thread at a time.
    """

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """Decide; to admit it, answer `ADMIT` itself.

        `now` is in seconds since the epoch; `attempt` is 0, or how often the record failed.
        """
        ...


class Gate:
    """Several stages as one, asked in order: the first that does not admit has decided."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self._admits = [stage.admit for stage in stages]

    def admit(self, record: Record, now: float, attempt: int) -> Admission:
        """See `Stage`."""
        for admit in self._admits:
            if (answer := admit(record, now, attempt)) is not ADMIT:
                return answer
        return ADMIT
