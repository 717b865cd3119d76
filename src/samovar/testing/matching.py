"""What a job is expected to look like, and in words what was found instead."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from samovar.errors import ArgumentError, SamovarError
from samovar.job.job import Job
from samovar.job.state import JobState
from samovar.queue_adapters.test import RecordedJob, TestAdapter, is_on_queue, payload_of
from samovar.testing.choosing import Selection, classes_in, epoch_seconds
from samovar.testing.counting import added
from samovar.testing.performing import performing
from samovar.testing.words import described, listed

#: How far a job's time may be off, in seconds.
TOLERANCE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Facets of a job; None says nothing, a callable says whether it likes the value."""

    #: The class.
    job: type[JobState] | Callable[[Any], object] | None = None
    #: The arguments, decoded; keyword arguments are a dict at their end.
    args: Sequence[Any] | Callable[[Any], object] | None = None
    #: The keyword arguments, decoded; when given, `args` are the positional ones alone.
    kwargs: Mapping[str, Any] | Callable[[Any], object] | None = None
    #: The time, within a second; a callable is given an aware datetime, or None.
    at: datetime | float | Callable[[Any], object] | None = None
    #: The queue, by its logical or its real name; a callable is given the real one.
    queue: str | Callable[[Any], object] | None = None
    priority: int | Callable[[Any], object] | None = None

    def __post_init__(self) -> None:
        if self.job is not None and not callable(self.job):
            raise ArgumentError(f"job is {self.job!r}; expected a job class or a callable.")
        if isinstance(self.job, type) and not classes_in(self.job):
            raise ArgumentError(f"job is {self.job!r}, which is no job class.")
        if not (self.args is None or callable(self.args) or isinstance(self.args, list | tuple)):
            raise ArgumentError(f"args is {self.args!r}; expected a list, or a callable.")
        if self.at is not None and not callable(self.at):
            epoch_seconds(self.at)

    def __str__(self) -> str:
        facets = [
            f"{name}={value.__name__ if isinstance(value, type) else repr(value)}"
            for name in ("job", "args", "kwargs", "at", "queue", "priority")
            if (value := getattr(self, name)) is not None
        ]
        return ", ".join(facets) or "any facets"

    def is_for(self, recorded: RecordedJob) -> bool:
        """Whether the class is the expected one."""
        if self.job is None or isinstance(self.job, type):
            return self.job is None or recorded["job"] is self.job
        return bool(self.job(recorded["job"]))

    def differences(self, recorded: RecordedJob) -> list[str]:
        """The facets in which a job of the right class differs; none if it matches."""
        return [
            facet
            for facet, holds in (
                ("args", self._has_arguments),
                ("at", self._has_time),
                ("queue", self._is_on_queue),
                ("priority", self._has_priority),
            )
            if not holds(recorded)
        ]

    def _has_arguments(self, recorded: RecordedJob) -> bool:
        if self.args is None and self.kwargs is None:
            return True
        try:
            positional, keywords = JobState.deserialize(recorded).decode_arguments()
        except SamovarError:
            return False
        if self.kwargs is None:
            positional = [*positional, keywords] if keywords else positional
        elif not _holds(self.kwargs, keywords):
            return False
        expected: Any = self.args
        return _holds([*expected] if isinstance(expected, tuple) else expected, positional)

    def _has_time(self, recorded: RecordedJob) -> bool:
        due: float | None = recorded.get("at")
        if callable(self.at):
            return bool(self.at(None if due is None else datetime.fromtimestamp(due, UTC)))
        if self.at is None or due is None:
            return self.at is None
        return abs(due - epoch_seconds(self.at)) <= TOLERANCE

    def _is_on_queue(self, recorded: RecordedJob) -> bool:
        if isinstance(self.queue, str):
            return is_on_queue(recorded, self.queue)
        return _holds(self.queue, recorded["queue"])

    def _has_priority(self, recorded: RecordedJob) -> bool:
        return _holds(self.priority, recorded["priority"])


def find(expected: Expected, recorded_jobs: Sequence[RecordedJob], *, verb: str) -> JobState:
    """A new job object, its arguments decoded, of the first job that is as expected.

    Raises:
        AssertionError: there is none; lists those that come near.
        DeserializationError: its arguments cannot be decoded.
    """
    __tracebackhide__ = True
    near: list[str] = []
    for recorded in recorded_jobs:
        if expected.is_for(recorded):
            differences = expected.differences(recorded)
            if not differences:
                job = JobState.deserialize(payload_of(recorded))
                job.decode_arguments()
                return job
            near.append(f"{described(recorded)}: other {' and '.join(differences)}")
    raise AssertionError(
        f"No job was {verb} with {expected}.\n{_instead(expected, near, recorded_jobs, verb)}"
    )


def _instead(
    expected: Expected, near: list[str], recorded_jobs: Sequence[RecordedJob], verb: str
) -> str:
    if near:
        return f"Potential matches:\n{listed(near)}"
    if recorded_jobs:
        names = sorted({recorded["job_class"] for recorded in recorded_jobs})
        wanted = expected.job.__name__ if isinstance(expected.job, type) else "such a class"
        return f"No job of {wanted} was {verb}; there were jobs of: {', '.join(names)}."
    return f"No jobs at all were {verb}."


def _holds(expected: Any, value: Any) -> bool:
    if expected is None:
        return True
    return bool(expected(value) if callable(expected) else expected == value)


@contextmanager
def enqueued_in_block(adapter: TestAdapter, expected: Expected) -> Generator[JobState, None, None]:
    """The job that is as expected among those that the block adds."""
    __tracebackhide__ = True
    before = list(adapter.enqueued_jobs)
    job = _unfinished(expected)
    yield job
    _finish(job, find(expected, added(adapter.enqueued_jobs, before), verb="enqueued"))


@contextmanager
def performed_in_block(adapter: TestAdapter, expected: Expected) -> Generator[JobState, None, None]:
    """The job that is as expected among those of the block, all of which are performed."""
    __tracebackhide__ = True
    before = list(adapter.performed_jobs)
    job = _unfinished(expected)
    with performing(adapter, Selection()):
        yield job
    _finish(job, find(expected, added(adapter.performed_jobs, before), verb="performed"))


def _unfinished(expected: Expected) -> JobState:
    cls = next(iter(classes_in(expected.job)), Job)
    return cls.__new__(cls)


def _finish(job: JobState, found: JobState) -> None:
    # The test holds `job` since the block began: that very object becomes the one found.
    job.__class__ = type(found)
    vars(job).update(vars(found))
