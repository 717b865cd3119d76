"""What is looked at when a job class is made: values of no use, and names that are likely slips."""

from __future__ import annotations

import difflib
import inspect
import warnings
from types import FrameType
from typing import Any

from samovar.errors import ArgumentError
from samovar.job.settings import check_queue

#: A file and a line.
Place = tuple[str, int]

#: What a class may say of its jobs.
_KNOWN = (
    "queue_as",
    "queue_name_prefix",
    "queue_name_delimiter",
    "queue_adapter",
    "priority",
    "job_name",
    "retry_jitter",
    "log_arguments",
    "enqueue_after_transaction_commit",
)
#: Other names of the same thing: elsewhere (also in `@job` and `set`), and on a job itself.
_FOREIGN = {"queue": "queue_as", "queue_name": "queue_as"}
#: Where the `perform` of a class that has none comes from.
_BASE = "samovar.job.job"
#: How alike two names have to be, from 0 to 1: `priorty` is, `priorities` is not.
_LIKENESS = 0.85


def check_class(cls: Any) -> None:
    """Look at a job class's own words.

    Raises:
        ArgumentError: a value is of no use.
    """
    if cls.queue_as is not None:
        check_queue(cls.queue_as, f"{cls.__name__}.queue_as")
    priority = cls.priority
    if priority is not None and (not isinstance(priority, int) or isinstance(priority, bool)):
        raise ArgumentError(
            f"{cls.__name__}.priority is {priority!r}; expected a whole number or None."
        )
    perform = getattr(cls, "perform", None)
    if inspect.isgeneratorfunction(perform) or inspect.isasyncgenfunction(perform):
        raise ArgumentError(
            f"{cls.__name__}.perform has a yield, which makes it a generator function: called, it "
            f"would do nothing. Take the yield out; to stop and go on later, see Continuable."
        )
    _point_out_slips(cls)
    _point_out_a_slip_of_perform(cls, perform)


def _point_out_slips(cls: type) -> None:
    for name, value in vars(cls).items():
        meant = _meant(cls, name, value)
        if meant is not None:
            warnings.warn(
                f"{cls.__name__}.{name} = {value!r} says nothing to Samovar; did you mean "
                f"{meant}? (With {meant} in the class too, this is quiet.)",
                stacklevel=users_level(),
            )


def _point_out_a_slip_of_perform(cls: type, perform: Any) -> None:
    """A class without `perform` may be meant to be inherited from; one with a `perfrom` is not."""
    if getattr(perform, "__module__", None) != _BASE:
        return
    for name, value in vars(cls).items():
        if inspect.isroutine(value) and difflib.get_close_matches(name, ["perform"], 1, _LIKENESS):
            warnings.warn(
                f"{cls.__name__} has no perform, so its jobs would fail; did you mean it by "
                f"{name}?",
                stacklevel=users_level(),
            )


def _meant(cls: type, name: str, value: object) -> str | None:
    """The attribute that was meant; None for a name of the user's own."""
    if name.startswith("_") or not isinstance(value, str | int):
        return None
    foreign = _FOREIGN.get(name) if isinstance(value, str) else None
    near = difflib.get_close_matches(name, _KNOWN, 1, _LIKENESS)
    meant = foreign or next(iter(near), None)
    return None if meant is None or meant in vars(cls) else meant


def users_level() -> int:
    """How far up the class statement is, for a warning: the first frame that is not ours."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    return level


def users_place() -> Place:
    """The file and the line in the user's code that called us."""
    frame = inspect.currentframe()
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    return ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("samovar.")
