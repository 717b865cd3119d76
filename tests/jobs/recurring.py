"""Jobs that recur, and note in the test's journal that they ran."""

from __future__ import annotations

from samovar import Job, before_enqueue
from tests.support import journal


class TickJob(Job):
    """Notes what it was given."""

    def perform(self, what: str, *, times: int = 1) -> None:
        for _ in range(times):
            journal.write("done", what)


class UnwillingJob(Job):
    """Cannot be enqueued."""

    @before_enqueue
    def refuse(self) -> None:
        raise RuntimeError("not today")

    def perform(self) -> None: ...
