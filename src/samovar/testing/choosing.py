"""Which jobs an assertion counts, or lets be performed: by class, queue and time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, cast

from samovar.errors import ArgumentError
from samovar.job.function import FunctionJob
from samovar.job.state import JobState
from samovar.queue_adapters.test import Choice, RecordedJob, is_chosen, is_due, is_on_queue
from samovar.support import clock

#: What the helpers take for `only` and `except_`: a job class or a `@job` function, several in a
#: list, or a callable that says yes or no.
Chosen: TypeAlias = (
    type[JobState]
    | FunctionJob[..., Any]
    | Collection[type[JobState] | FunctionJob[..., Any]]
    | Callable[[Any], object]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Some of the recorded jobs."""

    #: Only these.
    only: Choice | None = None
    #: All but these.
    reject: Choice | None = None
    #: On this queue, by its logical or its real name.
    queue: str | None = None
    #: Due by then, in seconds since the epoch; jobs without a time are.
    at: float | None = None
    #: Whether callables are asked about the job, instead of about what was recorded of it.
    asks_about_jobs: bool = False

    def takes(self, recorded: RecordedJob) -> bool:
        """Whether it is one of them."""

        def subject() -> object:
            return JobState.deserialize(recorded) if self.asks_about_jobs else recorded

        return (
            (self.only is None or is_chosen(recorded, self.only, subject))
            and (self.reject is None or not is_chosen(recorded, self.reject, subject))
            and (self.queue is None or is_on_queue(recorded, self.queue))
            and (self.at is None or is_due(recorded, self.at))
        )

    def __str__(self) -> str:
        said = {"only": self.only, "except_": self.reject}
        parts = [f"{name}={_named(choice)}" for name, choice in said.items() if choice is not None]
        if self.queue is not None:
            parts.append(f"queue={str(self.queue)!r}")
        return ", ".join(parts)


def selection(
    only: Chosen | None,
    except_: Chosen | None,
    queue: str | None,
    at: datetime | float | None = None,
    *,
    asks_about_jobs: bool = False,
) -> Selection:
    """The jobs that the arguments of a helper describe.

    Raises:
        ArgumentError: `only` and `except_` are both given, or something is of no use.
    """
    if only is not None and except_ is not None:
        raise ArgumentError(
            f"Give either only or except_, not both: found only={_named(only)} and "
            f"except_={_named(except_)}."
        )
    if queue is not None and not isinstance(queue, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
        raise ArgumentError(f"queue is {queue!r}; expected the name of a queue.")
    return Selection(
        only=_checked("only", only),
        reject=_checked("except_", except_),
        queue=queue,
        at=None if at is None else epoch_seconds(at),
        asks_about_jobs=asks_about_jobs,
    )


def class_of(item: object) -> Any:
    """The class behind a `@job` function; anything else as it is."""
    return cast("type[JobState]", item.job_class) if isinstance(item, FunctionJob) else item


def classes_in(choice: object) -> list[type[JobState]]:
    """The job classes that a choice names."""
    return [cls for cls in _items(choice) if isinstance(cls, type) and issubclass(cls, JobState)]


def epoch_seconds(at: object) -> float:
    """A time as seconds since the epoch.

    Raises:
        ArgumentError: it is none, or a datetime without a zone.
    """
    if isinstance(at, datetime) and at.tzinfo is not None:
        return clock.to_ns(at) / 1e9
    if isinstance(at, int | float) and not isinstance(at, bool):
        return float(at)
    raise ArgumentError(
        f"at is {at!r}; expected an aware datetime, such as datetime.now(UTC), or seconds since "
        f"the epoch."
    )


def _checked(name: str, choice: Chosen | None) -> Choice | None:
    if choice is None:
        return None
    items = _items(choice)
    if not items and callable(choice):
        return choice
    classes = classes_in(choice)
    if not classes or len(classes) != len(items):
        raise ArgumentError(
            f"{name} is {choice!r}; expected a job class, several in a list, or a callable."
        )
    return classes


def _items(choice: object) -> list[Any]:
    if isinstance(choice, type | FunctionJob):
        return [class_of(cast(object, choice))]
    if callable(choice) or not isinstance(choice, Collection):
        return []
    return [class_of(item) for item in cast("Collection[object]", choice)]


def _named(choice: object) -> str:
    names = [cls.__name__ for cls in classes_in(choice)]
    if len(names) == 1:
        return names[0]
    return f"[{', '.join(names)}]" if names else getattr(choice, "__name__", repr(choice))
