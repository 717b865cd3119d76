"""What an inspector answers with. Every value is frozen; a count says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NewType

from samovar.errors import ArgumentError, SamovarError

#: One job, as a text that is safe in a URL. Only the inspector that made it understands it.
Ref = NewType("Ref", str)
#: The states of a job, the same words for every backend.
State = Literal["ready", "scheduled", "running", "retrying", "blocked", "dead", "finished"]
STATES: tuple[State, ...] = (
    "ready",
    "scheduled",
    "running",
    "retrying",
    "blocked",
    "dead",
    "finished",
)
Kind = Literal["exact", "about", "at_least", "unknown"]
#: From the surest kind to the least sure one.
_KINDS: tuple[Kind, ...] = ("exact", "about", "at_least", "unknown")


class UnavailableError(SamovarError):
    """This backend cannot answer that question, or do that. The message is the reason."""


def parse_state(text: str) -> State:
    """The state of that name; "failed" means "dead".

    Raises:
        ArgumentError: there is no such state.
    """
    for state in STATES:
        if text == state or (text == "failed" and state == "dead"):
            return state
    raise ArgumentError(f"There is no state {text!r}; expected one of {', '.join(STATES)}.")


@dataclass(frozen=True, slots=True)
class Count:
    """A number, how sure it is, and why it is no surer."""

    value: int
    kind: Kind = "exact"
    why: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "exact":
                return f"{self.value:,}"
            case "about":
                return f"\N{ALMOST EQUAL TO} {_rounded(self.value)}"
            case "at_least":
                return f"{self.value:,}+"
            case "unknown":
                return "\N{EN DASH}"

    def __add__(self, other: Count) -> Count:
        """The sum is as sure as the less sure of the two."""
        less_sure = max(self, other, key=lambda count: _KINDS.index(count.kind))
        value = 0 if less_sure.kind == "unknown" else self.value + other.value
        return Count(value, less_sure.kind, less_sure.why)


NOTHING = Count(0)


def unknown(why: str) -> Count:
    """A number that cannot be had."""
    return Count(0, "unknown", why)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawJob:
    """A job as its backend stores it."""

    payload: bytes | None
    key: bytes | None = None
    #: Names may repeat.
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """The error that a job ended with; parts that are not known are empty."""

    error_class: str = ""
    message: str = ""
    traceback: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.error_class, self.message)))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as it was seen. An action takes it as the proof of what it acts on."""

    ref: Ref
    state: State
    #: The name that the backend gives the queue that the job is in now.
    queue: str
    #: Class and id in words.
    description: str
    #: When it was put where it is now.
    at: datetime
    #: Active Job's hash; None if what is stored is no job.
    data: Mapping[str, Any] | None
    raw: RawJob
    error: JobError = JobError()

    @property
    def job_id(self) -> str | None:
        """The job's own id."""
        return self._text("job_id")

    @property
    def job_class(self) -> str | None:
        """The name of its class."""
        return self._text("job_class")

    def _text(self, name: str) -> str | None:
        found = (self.data or {}).get(name)
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue, or a dead letter queue."""

    name: str
    counts: Mapping[State, Count]
    asked_at: datetime
    is_dead_letter_queue: bool = False
    #: The dead job that came last; only of a dead letter queue.
    newest: JobView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The sums over all queues."""

    counts: Mapping[State, Count]
    queues: int
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list."""

    items: tuple[JobView, ...]
    #: Where the next page begins; None: this was the last one.
    next: str | None
    #: How many stored jobs were looked at for this page.
    examined: int
    #: False if the page ended because enough was examined, not because it was full.
    complete: bool
    #: How many jobs there are in all, whatever else the filter says.
    total: Count
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessView:
    """A worker process."""

    name: str
    state: Literal["running", "quiet", "stopping", "stopped", "silent"]
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringView:
    """A recurring task."""

    name: str
    enabled: bool
    #: The last tick and the next one; None: there is none.
    last: datetime | None
    next: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Failures that look alike."""

    error_class: str
    count: Count
    sample: JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """What happened in one step of time, by kind of event."""

    at: datetime
    counts: Mapping[str, Count] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked, and the fault if there is one."""

    name: str
    fault: str = ""


def _rounded(value: int) -> str:
    for size, letter in ((1_000_000_000, "B"), (1_000_000, "M")):
        if value >= size:
            return f"{value / size:.1f} {letter}"
    return f"{value:,}"
