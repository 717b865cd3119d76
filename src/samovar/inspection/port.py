"""The port to any backend for people who look: questions, and actions on what was seen.

The suite that an inspector must pass is `samovar.testing.contracts.InspectorContract`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from samovar.inspection.filters import JobFilter
from samovar.inspection.plans import Action, Outcome, Plan
from samovar.inspection.values import (
    Check,
    Count,
    ErrorGroup,
    HistoryPoint,
    JobView,
    Overview,
    Page,
    ProcessView,
    QueueView,
    RecurringView,
    Ref,
    State,
)

#: What a backend may be able to do. A state alone means: jobs of that state are listed.
Ability = Literal[
    "ready",
    "scheduled",
    "running",
    "retrying",
    "blocked",
    "dead",
    "finished",
    "processes",
    "recurring",
    "errors",
    "history",
    "key",
    "checks",
    "runtime",
    "retry",
    "discard",
    "discard_ready",
    "run_now",
    "move",
    "pause",
    "clear",
    "quiet",
]
#: Most jobs of one page.
MAX_PAGE = 200
#: Most stored jobs that one question looks at, if there is no index for its filter.
MAX_EXAMINED = 10_000


class Inspector(Protocol):
    """Answers questions about a backend. For one thread at a time.

    Every question may raise BrokerError if the backend does not answer, and UnavailableError with
    the reason that `abilities` gives.
    """

    def abilities(self) -> Mapping[Ability, str]:
        """Every ability with the reason why it is missing; an empty reason: it is there."""
        ...

    def overview(self) -> Overview:
        """The sums over all queues."""
        ...

    def queues(self, state: State | None = None) -> Sequence[QueueView]:
        """Every queue and dead letter queue, by name; or those that hold jobs of this state."""
        ...

    def queue(self, name: str) -> QueueView | None:
        """The queue of that real or logical name; None if there is none."""
        ...

    def dead_letter_queue(self, name: str) -> str | None:
        """The real name of the dead letter queue of that real or logical name; None if there is
        none. Cheaper than `queue`: nothing is counted.
        """
        ...

    def jobs(self, filter: JobFilter, cursor: str | None = None, limit: int = 50) -> Page:
        """Up to `limit` jobs (at most `MAX_PAGE`), from the oldest on, or from the cursor on. Jobs
        that come after the first page was asked for are not in the list.

        Raises:
            ArgumentError: there is no such queue, or the cursor is of no use.
        """
        ...

    def job(self, ref: Ref) -> JobView | None:
        """One job; None if the text is no ref of this backend.

        Raises:
            ArgumentError: it is not there any more, or never was.
        """
        ...

    def find(self, text: str) -> Sequence[JobView]:
        """The jobs that a ref or a job's id names, as far as one question looks."""
        ...

    def count(self, filter: JobFilter) -> Count:
        """How many jobs there are."""
        ...

    def processes(self) -> Sequence[ProcessView]:
        """The worker processes."""
        ...

    def recurring(self) -> Sequence[RecurringView]:
        """The recurring tasks."""
        ...

    def errors(self, since: datetime) -> Sequence[ErrorGroup]:
        """The failures since that moment, those that look alike as one."""
        ...

    def history(self, since: datetime, step: timedelta) -> Sequence[HistoryPoint]:
        """What happened in each step since that moment."""
        ...

    def key(self, queue: str, key: str) -> Sequence[JobView]:
        """The jobs of one key, in order."""
        ...

    def checks(self) -> Sequence[Check]:
        """What was checked, with the faults."""
        ...

    def plan(self, action: Action, filter: JobFilter) -> Plan:
        """What the action would do to these jobs; changes nothing."""
        ...

    def carry_out(self, plan: Plan) -> Iterator[Outcome]:
        """Do what the plan says, step by step. Whoever stops asking stops the action.

        Raises:
            ArgumentError: the plan is too old.
        """
        ...

    def retry(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        """Put dead jobs back into their queues, step by step. A job that was handled meanwhile is
        refused.
        """
        ...

    def discard(self, jobs: Iterable[JobView]) -> Iterator[Outcome]:
        """Give dead jobs up for good, step by step. A job that was handled meanwhile is refused."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
