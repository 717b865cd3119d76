"""The port to whoever remembers which ticks were fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from samovar.job.job import Job


class TaskState(msgspec.Struct, frozen=True):
    """What is remembered of one task."""

    #: The tick that was fired or passed over last, seconds since the epoch.
    last: int
    #: Whether it fires at its ticks.
    enabled: bool = True
    #: The highest version of its declaration that a process has had.
    version: int = 0


class Ledger(Protocol):
    """Remembers, for the one process at a time that fires."""

    @property
    def states(self) -> Mapping[str, TaskState]:
        """What is remembered, by the tasks' names."""
        ...

    def write(self, states: Mapping[str, TaskState], jobs: tuple[Job, ...] = ()) -> None:
        """Remember these, and enqueue the jobs: both or neither.

        Raises:
            BrokerError: neither happened, or only looking again tells.
        """
        ...
