"""Types that only Python has: their object forms bear names that no Ruby class has.

Values of an Enum, a dataclass or a NamedTuple travel with the name that `register_class` gave
their class; a class without one is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import time
from enum import Enum, Flag
from pathlib import Path
from typing import Any
from uuid import UUID

from samovar.job import classes
from samovar.job.serializers.base import Inner, Reader, Rebuild, Refused, Writer, tagged, text_of

_PYTHON = "Samovar::Serializers::"
TUPLE = _PYTHON + "TupleSerializer"
SET = _PYTHON + "SetSerializer"
FROZEN_SET = _PYTHON + "FrozenSetSerializer"
BYTES = _PYTHON + "BytesSerializer"
UUID_ = _PYTHON + "UUIDSerializer"
PATH = _PYTHON + "PathSerializer"
TIME = _PYTHON + "TimeOfDaySerializer"
ENUM = _PYTHON + "EnumSerializer"
DATACLASS = _PYTHON + "DataclassSerializer"
NAMED_TUPLE = _PYTHON + "NamedTupleSerializer"


def special_writer(kind: type[Any]) -> Writer | None:
    """How values of this class are written, if its make says so: a dataclass, a NamedTuple."""
    if is_dataclass(kind):
        return _DATACLASS_WRITER
    return _NAMED_TUPLE_WRITER if _is_named_tuple(kind) else None


def _flat(
    name: str,
    text: Callable[[Any], str],
    *,
    portable: Callable[[Any, Inner], Any] | None = None,
) -> Writer:
    """Writes one string under `value`."""
    return Writer(
        lambda value, _: tagged(name, value=text(value)), is_only_python=True, portable=portable
    )


def _items(name: str, order: Callable[[Any], Iterable[Any]]) -> Writer:
    """Writes what is in a collection, under `items`."""

    def write(value: Any, inner: Inner) -> Any:
        return tagged(name, items=_list(order(value), inner))

    return Writer(write, is_only_python=True)


def _list(value: Iterable[Any], inner: Inner) -> list[Any]:
    return [inner(item, index) for index, item in enumerate(value)]


def _sorted(value: Iterable[Any]) -> list[Any]:
    # A set's own order differs from process to process; the same set shall be the same payload.
    return sorted(value, key=repr)


def _write_time(value: time, _: Inner) -> Any:
    if value.tzinfo is not None and value.utcoffset() is None:
        raise Refused("has a zone whose offset depends on the day. Pass a datetime, or no zone.")
    return tagged(TIME, value=value.isoformat(), fold=value.fold)


def _write_enum(value: Enum, inner: Inner) -> Any:
    name = _registered(type(value))
    if isinstance(value, Flag):  # a combination has no name
        return tagged(ENUM, **{"class": name, "flags": inner(value.value, "value")})
    return tagged(ENUM, **{"class": name, "member": value.name})


def _write_dataclass(value: Any, inner: Inner) -> Any:
    kept = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return _with_fields(DATACLASS, value, kept, inner)


def _write_named_tuple(value: Any, inner: Inner) -> Any:
    return _with_fields(NAMED_TUPLE, value, value._asdict(), inner)


def _with_fields(name: str, value: Any, kept: Mapping[str, Any], inner: Inner) -> Any:
    written = {key: inner(item, key) for key, item in kept.items()}
    return tagged(name, **{"class": _registered(value.__class__), "fields": written})


def _registered(cls: type[Any]) -> str:
    name = classes.registered_name(cls)
    if name is None:
        raise Refused(
            f"is of {cls.__module__}.{cls.__qualname__}, which has no name on the wire. Give it "
            f"one with samovar.register_class({cls.__name__}), or write a samovar.serializer."
        )
    return name


def _items_of(data: Mapping[str, Any], rebuild: Rebuild) -> list[Any]:
    items = data["items"]
    if not isinstance(items, list):
        raise TypeError(f"items are {items!r:.60}; expected a list")
    return [rebuild(item) for item in items]  # pyright: ignore[reportUnknownVariableType]


def _class_of(data: Mapping[str, Any], fits: Callable[[type], bool]) -> Any:
    name = text_of(data, "class")
    cls = classes.find_class(name)
    if cls is None or not fits(cls):
        raise LookupError(f"no such class is registered under {name!r}: samovar.register_class")
    return cls


def _read_enum(data: Mapping[str, Any], _: Rebuild) -> Any:
    cls = _class_of(data, lambda found: issubclass(found, Enum))
    return cls(data["flags"]) if "flags" in data else cls[data["member"]]


def _read_dataclass(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    return _class_of(data, is_dataclass)(**_fields_of(data, rebuild))


def _read_named_tuple(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    return _class_of(data, _is_named_tuple)(**_fields_of(data, rebuild))


def _fields_of(data: Mapping[str, Any], rebuild: Rebuild) -> dict[str, Any]:
    return {name: rebuild(item) for name, item in data["fields"].items()}


def _is_named_tuple(cls: type[Any]) -> bool:
    return hasattr(cls, "_fields") and issubclass(cls, tuple)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_DATACLASS_WRITER = Writer(_write_dataclass, is_only_python=True)
_NAMED_TUPLE_WRITER = Writer(_write_named_tuple, is_only_python=True)

#: By type; a subclass is written as the first of these that it is a kind of.
WRITERS: dict[type, Writer] = {
    tuple: Writer(
        lambda value, inner: tagged(TUPLE, items=_list(value, inner)),
        is_only_python=True,
        portable=_list,
    ),
    set: _items(SET, _sorted),
    frozenset: _items(FROZEN_SET, _sorted),
    bytes: _flat(BYTES, _base64),
    UUID: _flat(UUID_, str, portable=lambda value, _: str(value)),
    Path: _flat(PATH, str),
    time: Writer(_write_time, is_only_python=True),
    Enum: Writer(_write_enum, is_only_python=True),
}

READERS: dict[str, Reader] = {
    TUPLE: lambda data, rebuild: tuple(_items_of(data, rebuild)),
    SET: lambda data, rebuild: set(_items_of(data, rebuild)),
    FROZEN_SET: lambda data, rebuild: frozenset(_items_of(data, rebuild)),
    BYTES: lambda data, _: base64.b64decode(text_of(data), validate=True),
    UUID_: lambda data, _: UUID(text_of(data)),
    PATH: lambda data, _: Path(text_of(data)),
    TIME: lambda data, _: time.fromisoformat(text_of(data)).replace(fold=data.get("fold", 0)),
    ENUM: _read_enum,
    DATACLASS: _read_dataclass,
    NAMED_TUPLE: _read_named_tuple,
}
