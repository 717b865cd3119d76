"""What recurs: a job class with arguments, under a name, at the ticks of a schedule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from samovar.errors import ArgumentError, UnknownJobClassError
from samovar.job.job import Job
from samovar.job.state import JOB_CLASSES
from samovar.recurring import schedule
from samovar.recurring.schedule import Schedule

_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringTask:
    """One task as the application declared it."""

    #: Unique in the application.
    name: str
    #: The class of its jobs, or that class's job name: it may be made later.
    target: type[Job] | str
    schedule: Schedule
    arguments: Sequence[Any] = ()
    keyword_arguments: Mapping[str, Any]
    #: The logical name of another queue than the class's.
    queue: str | None = None
    priority: int | None = None
    #: Whether ticks that passed while nobody was up are made up for, by one job.
    catch_up: bool = True
    #: Raised when the schedule changes, so that processes of before keep still.
    version: int = 0

    @property
    def job_class(self) -> type[Job]:
        """The class of its jobs.

        Raises:
            UnknownJobClassError: none bears the name.
        """
        if not isinstance(self.target, str):
            return self.target
        return cast("type[Job]", JOB_CLASSES.find(self.target))

    def job(self) -> Job:
        """A new job of this task."""
        job = self.job_class(*self.arguments, **self.keyword_arguments)
        return job.set(queue=self.queue, priority=self.priority)


#: What an option must be, in words and as a test.
_EXPECTED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "arguments": (
        "a list or tuple",
        lambda value: isinstance(value, Sequence) and not isinstance(value, str | bytes),
    ),
    "keyword_arguments": (
        "a dict with names as keys",
        lambda value: isinstance(value, Mapping) and all(isinstance(k, str) for k in value),  # pyright: ignore[reportUnknownVariableType] -- a user's
    ),
    "queue": (
        "a queue's name",
        lambda value: value is None or (bool(value) and type(value) is str),
    ),
    "priority": ("a whole number", lambda value: value is None or type(value) is int),
    "catch_up": ("True or False", lambda value: type(value) is bool),
}


class RecurringTasks:
    """The tasks of an application, by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, RecurringTask] = {}
        self._faults: list[str] = []

    def declare(
        self,
        name: str,
        job_class: Any,
        *,
        cron: str | None = None,
        every: float | timedelta | None = None,
        time_zone: str | ZoneInfo = "UTC",
        **options: Any,
    ) -> None:
        """Declare a task. What is wrong with it lies in `faults`."""
        cls = getattr(job_class, "job_class", job_class)  # what @job makes of a function
        faults = list(_faults(name, cls, options))
        if name in self._tasks:
            faults.append("declared twice.")
        try:
            plan = schedule.read(cron=cron, every=every, time_zone=time_zone)
        except ArgumentError as error:
            faults.append(str(error))
        else:
            if not faults:
                # The caller's own list and dict may change later.
                options["arguments"] = tuple(options.get("arguments", ()))
                options["keyword_arguments"] = dict(options.get("keyword_arguments", {}))
                self._tasks[name] = RecurringTask(name=name, target=cls, schedule=plan, **options)
        self._faults += [f"recurring({name!r}): {fault}" for fault in faults]

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with what was declared; asked once all job classes are there."""
        return (*self._faults, *(f for task in self for f in _target_faults(task)))

    def find(self, name: str) -> RecurringTask | None:
        """The task of that name."""
        return self._tasks.get(name)

    def __iter__(self) -> Iterator[RecurringTask]:
        return iter(self._tasks.values())

    def __len__(self) -> int:
        return len(self._tasks)


def _target_faults(task: RecurringTask) -> Iterator[str]:
    try:
        task.job_class  # noqa: B018 -- it is looked up
    except UnknownJobClassError as error:
        yield f"recurring({task.name!r}): {error}"


def _faults(name: object, cls: object, options: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield "a name has letters, digits, dashes and underscores."
    if not isinstance(cls, str) and not (isinstance(cls, type) and issubclass(cls, Job)):
        yield f"{cls!r} is no job class."
    version = options.get("version", 0)
    if type(version) is not int or version < 0:
        yield f"version is {version!r}; expected a whole number from 0 up."
    for option, (expected, holds) in _EXPECTED.items():
        if option in options and not holds(options[option]):
            yield f"{option} is {options[option]!r:.80}; expected {expected}."
