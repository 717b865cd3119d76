"""The functions that users make steps of: their names, and whether they take the step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from samovar.errors import ArgumentError, InvalidStepError
from samovar.job.continuation.step import Step

#: What a step does, given the step; what it returns matters only to coroutine steps.
Body = Callable[[Step], Any]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def name_of(function: Any) -> str:
    """The name by which later runs know the step.

    Raises:
        InvalidStepError: it is no function, or has none.
    """
    name = getattr(function, "__name__", None)
    if not callable(function):
        raise InvalidStepError(
            f"A step is a function, a method or a method's name; found {function!r:.60}."
        )
    if not isinstance(name, str) or name == "<lambda>":
        raise InvalidStepError(
            f"The step {function!r:.60} has no name that later runs could know it by: "
            f'say self.step(..., name="...").'
        )
    return name


def body_of(function: Callable[..., Any], name: str) -> Body:
    """The function as one that takes the step.

    Raises:
        ArgumentError: it wants other arguments, or yields.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ArgumentError(f"The step {name!r} yields; a step is a plain function or a coroutine.")
    parameters = list(inspect.signature(function).parameters.values())
    positional = [one for one in parameters if one.kind in _POSITIONAL]
    if sum(one.default is one.empty for one in positional) > 1:
        raise ArgumentError(f"The step {name!r} may take no argument but the step itself.")
    if any(one.kind is one.KEYWORD_ONLY for one in parameters):
        raise ArgumentError(f"The step {name!r} may take no keyword arguments.")
    return function if _takes_step(parameters[:1]) else lambda _: function()


def _takes_step(first: list[inspect.Parameter]) -> bool:
    """Whether the first parameter is for the step: one with a default of its own is not, as in
    ``def load(table=table)``, which keeps a loop's variable.
    """
    return any(
        one.kind is one.VAR_POSITIONAL
        or (one.kind in _POSITIONAL and (one.default is one.empty or one.default is None))
        for one in first
    )
