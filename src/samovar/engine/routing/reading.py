"""Turns what a route was given into the values that a topic has; tells every fault of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any, cast, get_args, get_origin

from samovar.engine.routing.recovery import DeadLetterQueue, topic_fault
from samovar.engine.routing.topic import Topic
from samovar.support.conversion import Shape, Unfit, convert, shapes_of
from samovar.support.wording import nearest

#: What the routes themselves fill in.
NOT_SETTINGS = {"name", "pattern", "group", "subscription", "copies", "has_partitions", "declared"}
_SHAPES = {name: s for name, s in shapes_of(Topic).items() if name not in NOT_SETTINGS}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one route's settings."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    #: Each goes on from the route: "partitions is 0; expected ...".
    faults: list[str] = field(default_factory=list[str])


def read(settings: Mapping[str, Any]) -> Reading:
    """The settings of a topic, by name, converted; those with faults are left out."""
    reading = Reading()
    for name, given in settings.items():
        shape = _SHAPES.get(name)
        if shape is None:
            reading.faults.append(_unknown(name))
            continue
        value, faults = _value(name, given, shape)
        reading.faults.extend(faults)
        if not faults:
            reading.values[name] = value
    return reading


def _unknown(name: str) -> str:
    meant = nearest(name, _SHAPES)
    hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(_SHAPES)}."
    return f"unknown setting {name!r}; {hint}"


def _value(place: str, given: Any, shape: Shape) -> tuple[Any, list[str]]:
    """The value, and what is wrong with it."""
    if place in _OWN_READERS:
        return _OWN_READERS[place](place, given)
    if given is None and shape.is_optional:
        return None, []
    if is_dataclass(shape.plain):
        return _of_class(place, given, cast(type, shape.plain))
    kind = get_origin(shape.plain)
    if kind is Mapping:
        return given, list(_mapping_faults(place, given, get_args(shape.plain)[1]))
    if kind is Callable:
        return given, [] if callable(given) else [_fault(place, given, "a callable")]
    value = convert(given, shape)
    if isinstance(value, Unfit):
        return None, [f"{place} {value}"]
    return value, []


def _of_class(place: str, given: Any, cls: type) -> tuple[Any, list[str]]:
    """A value with settings of its own, such as `Pause`; each is read in turn."""
    if not isinstance(given, cls):
        return None, [_fault(place, given, f"{cls.__name__}(...)")]
    faults: list[str] = []
    values: dict[str, Any] = {}
    for name, shape in shapes_of(cls).items():
        if cls is DeadLetterQueue and name == "topic":
            continue
        values[name], found = _value(f"{place}.{name}", getattr(given, name), shape)
        faults += found
    if isinstance(given, DeadLetterQueue):
        fault = topic_fault(given.topic, has_strategy=given.strategy is not None)
        faults += [f"{place}.topic {fault}."] if fault else []
    return (None, faults) if faults else (replace(cast(Any, given), **values), [])


def _callables(place: str, given: Any) -> tuple[Any, list[str]]:
    parts = tuple(cast("list[Any]", given)) if isinstance(given, list | tuple) else (None,)
    if all(callable(part) for part in parts):
        return parts, []
    return None, [_fault(place, given, "a list of callables, (topic, partition) -> filter")]


def _partitions(place: str, given: Any) -> tuple[Any, list[str]]:
    if isinstance(given, bool):
        return given, []
    parts = tuple(cast("list[Any]", given)) if isinstance(given, list | tuple | range) else (None,)
    if parts and all(type(part) is int and part >= 0 for part in parts):
        return parts, []
    return None, [_fault(place, given, "partition numbers, such as [0, 1], or True for all")]


_OWN_READERS: dict[str, Callable[[str, Any], tuple[Any, list[str]]]] = {
    "assign": _partitions,
    "filters": _callables,
}


def _mapping_faults(place: str, given: Any, inner: type) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield _fault(place, given, "a mapping of names to values")
        return
    for name, value in cast("Mapping[Any, Any]", given).items():
        if not isinstance(name, str) or not name.strip():
            yield f"{place}: {name!r} is no name; expected a string."
        elif inner is str and not isinstance(value, str | int | float):
            yield f"{place}[{name!r}] is {value!r}; expected a string or a number."


def _fault(place: str, given: Any, expected: str) -> str:
    return f"{place} is {given!r:.60}; expected {expected}."
