"""What a stage of a partition's flow can decide after a job failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the same record again after this many seconds; the partition waits."""

    after: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Copy the record to this topic, mark it, and go on after so many seconds."""

    topic: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Drop:
    """Mark the record without a copy, as its route says, and go on after so many seconds."""

    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """The error concerns the process, not the job: leave the record unmarked and stop."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """The partition has gone to another worker, which performs the record: leave it as it is."""


Decision = Retry | DeadLetter | Drop | Stop | Abandon
