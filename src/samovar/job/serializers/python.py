"""Types that only Python has: their object forms bear names that no Ruby class has."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from samovar.job.serializers import named
from samovar.job.serializers.base import Inner, Reader, Rebuild, Refused, Writer, tagged, text_of

_PYTHON = "Samovar::Serializers::"
TUPLE = _PYTHON + "TupleSerializer"
SET = _PYTHON + "SetSerializer"
FROZEN_SET = _PYTHON + "FrozenSetSerializer"
BYTES = _PYTHON + "BytesSerializer"
UUID_ = _PYTHON + "UUIDSerializer"
PATH = _PYTHON + "PathSerializer"
TIME = _PYTHON + "TimeOfDaySerializer"


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


def _items_of(data: Mapping[str, Any], rebuild: Rebuild) -> list[Any]:
    items = data["items"]
    if not isinstance(items, list):
        raise TypeError(f"items are {items!r:.60}; expected a list")
    return [rebuild(item) for item in items]  # pyright: ignore[reportUnknownVariableType]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


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
    Enum: named.ENUM_WRITER,
}

READERS: dict[str, Reader] = {
    TUPLE: lambda data, rebuild: tuple(_items_of(data, rebuild)),
    SET: lambda data, rebuild: set(_items_of(data, rebuild)),
    FROZEN_SET: lambda data, rebuild: frozenset(_items_of(data, rebuild)),
    BYTES: lambda data, _: base64.b64decode(text_of(data), validate=True),
    UUID_: lambda data, _: UUID(text_of(data)),
    PATH: lambda data, _: Path(text_of(data)),
    TIME: lambda data, _: time.fromisoformat(text_of(data)).replace(fold=data.get("fold", 0)),
    named.ENUM: named.read_enum,
    named.DATACLASS: named.read_dataclass,
    named.NAMED_TUPLE: named.read_named_tuple,
}
