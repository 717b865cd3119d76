"""How long a partition belongs to the worker that performs its jobs."""

from __future__ import annotations

from contextvars import ContextVar


class Tenure:
    """One assignment of a partition. Set by the engine, read by the jobs that run meanwhile."""

    __slots__ = ("is_ending", "is_over")

    def __init__(self) -> None:
        #: The partition is to leave, or has left: who has more to do had better stop.
        self.is_ending = False
        #: The partition has left: its new owner performs what is not done, and what is written here
        #: would be written twice.
        self.is_over = False


#: That of the partition whose jobs are performed here, if any.
TENURE: ContextVar[Tenure | None] = ContextVar("samovar_tenure", default=None)
