"""The port to whoever remembers which ticks were fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from samovar.job.job_data import EnqueueRequest


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

    def write(self, states: Mapping[str, TaskState]) -> None:
        """Remember these, in place of what is remembered.

        Raises:
            BrokerError: it was not remembered, or only looking again shows whether it was.
        """
        ...

    def claim(self, task: str, tick: int, requests: Sequence[EnqueueRequest] = ()) -> bool:
        """Remember that the task's tick was fired, and enqueue its jobs: both or neither. Without
        jobs the tick is passed over. False: somebody else has fired it, or a later one; `states`
        then shows that.

        Raises:
            BrokerError: neither happened, or it is not known which.
        """
        ...
