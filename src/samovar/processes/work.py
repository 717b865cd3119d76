"""What an executor works on, as far as it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from samovar.support.tenure import Tenure

#: Performs the job of a payload and returns its outcome: `samovar.job.performing.perform`, of which
#: only whoever makes the work knows more.
Perform = Callable[..., Any]


class Work(Protocol):
    """What waits in the work queue, as often as it invites executors."""

    @property
    def tenure(self) -> Tenure | None:
        """How long what it performs belongs to this worker; None where it always does."""
        ...

    def begin(self) -> bool:
        """An executor accepts its invitation; False when there is nothing to do any more."""
        ...

    def share(self, perform: Perform) -> bool:
        """Perform some of the jobs that wait; whether more can be done at once."""
        ...

    def end(self) -> bool:
        """The executor is done with it; True when it must be queued once more."""
        ...

    def interrupt(self) -> None:
        """Let no further job begin."""
        ...
