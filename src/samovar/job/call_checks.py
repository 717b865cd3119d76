"""Whether a job's arguments fit its `perform`: looked at where the job is enqueued.

What counts is how many arguments stand in order and which names the others have, so each such shape
of a call is looked at once for each class, and afterwards costs a look into a set.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from samovar.errors import WrongArgumentsError
from samovar.job import runtime
from samovar.job.state import JobState

#: Shapes that a class keeps; a `perform` with `**options` may be called with any number of them.
_MAX_SHAPES = 1_000


def check(job: JobState) -> None:
    """See that `perform` takes the arguments of a job that was serialized.

    Raises:
        WrongArgumentsError: it does not (and the setting `check_arguments` is on).
    """
    cls = job.__class__
    # The hot path of enqueuing: it calls nothing.
    arguments: Any = job._arguments  # pyright: ignore[reportPrivateUsage]
    keywords = job._keywords  # pyright: ignore[reportPrivateUsage]
    shape = (len(arguments), *keywords) if keywords else len(arguments)
    perform, shapes = cls.known_calls
    if perform is not cls.perform or shape not in shapes:
        _look(job, shape)


def _look(job: JobState, shape: Any) -> None:
    cls = job.__class__
    arguments, keywords = job.decode_arguments()
    perform, shapes = cls.known_calls
    if perform is not cls.perform:
        shapes = set[Any]()
        cls.known_calls = cls.perform, shapes
    bind = _binder(cls)
    try:
        if bind is not None:
            bind(job, *arguments, **keywords)
    except TypeError as fault:
        if runtime.current().job_settings.check_arguments:
            raise WrongArgumentsError(
                f"{cls.__name__}.perform does not take these arguments: {fault}. Nothing was "
                f"enqueued. (Setting check_arguments.)"
            ) from None
        return
    if len(shapes) < _MAX_SHAPES:
        shapes.add(shape)


def _binder(cls: type[JobState]) -> Callable[..., object] | None:
    """Takes a job and arguments, or raises TypeError; None if `perform` does not say what it takes.

    A wrapper counts with its own signature, not with that of what it wraps: it may add arguments.
    """
    try:
        signature = inspect.signature(cls.perform, follow_wrapped=False)
    except (TypeError, ValueError):
        return None
    if not isinstance(inspect.getattr_static(cls, "perform"), staticmethod | classmethod):
        return signature.bind

    def bind(_job: JobState, /, *arguments: Any, **keywords: Any) -> object:
        return signature.bind(*arguments, **keywords)

    return bind
