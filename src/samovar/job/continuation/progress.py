"""A continuation's progress as it travels: ``{"completed": [names], "current": [name, cursor]}``.

`current` is there only when a step was begun and is not done; its cursor has the form of a job
argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from samovar.errors import DeserializationError
from samovar.job import arguments as wire


def read(progress: Any) -> tuple[list[str], tuple[str, Any] | None]:
    """The names of the steps that are done, and the current step's name and cursor.

    Raises:
        DeserializationError: it has another form, or the cursor cannot be rebuilt.
    """
    try:
        completed, current = _parts(progress)
    except (TypeError, ValueError) as error:
        raise DeserializationError(
            f"The continuation {progress!r:.80} cannot be read: {error}."
        ) from error
    if current is None:
        return completed, None
    name, encoded = current
    # The last value of arguments may be taken for keywords; a cursor never is.
    values, _ = wire.deserialize([encoded, None])
    return completed, (name, values[0])


def _parts(progress: Any) -> tuple[list[str], tuple[str, Any] | None]:
    if not isinstance(progress, Mapping):
        raise TypeError("it is no object")
    values = cast("Mapping[str, Any]", progress)
    completed: Any = values.get("completed", [])
    if not isinstance(completed, list):
        raise TypeError("completed is no list")
    names = [_name(name) for name in cast("list[Any]", completed)]
    if values.get("current") is None:
        return names, None
    name, cursor = values["current"]
    return names, (_name(name), cursor)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no name of a step")
    return value
