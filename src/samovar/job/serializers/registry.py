"""All serializers: the built-in ones and the user's. What a payload names is looked up here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from samovar.errors import ArgumentError, SerializationError
from samovar.job.hashes import IndifferentDict, Symbol, bare
from samovar.job.serializers import builtin, named, python
from samovar.job.serializers.base import (
    SERIALIZED,
    Inner,
    ObjectSerializer,
    Reader,
    Rebuild,
    Writer,
    tagged,
)
from samovar.support.names import is_same_definition

S = TypeVar("S")

_WRITERS: dict[type, Writer] = {**builtin.WRITERS, **python.WRITERS}
_READERS: dict[str, Reader] = {**builtin.READERS, **python.READERS}
#: The user's serializers by name, with the type of each.
_custom: dict[str, tuple[type, type]] = {}

#: How they travel is settled before serializers are asked.
_SETTLED = (str, int, float, bool, type(None), list, dict, Symbol, IndifferentDict)


def serializer(name: str, kind: type) -> Callable[[S], S]:
    """Decorates the class (or instance) that writes and reads values of `kind`.

    `name` travels under ``_aj_serialized``; for Ruby it is the name of its own serializer class.
    `serialize(value)` returns a dict of JSON's own types, and `deserialize(data)` gets that dict.
    A value of a subclass is written by the serializer of its nearest parent. The same definition
    made again replaces.

    Raises:
        ArgumentError: a value is of no use, or another serializer has that name or type.
    """

    def register(decorated: S) -> S:
        made = decorated() if isinstance(decorated, type) else decorated
        _check(name, kind, made)
        _custom[name] = (kind, type(made))
        _WRITERS[kind] = Writer(_writing(name, cast("ObjectSerializer", made)))
        _READERS[name] = _reading(cast("ObjectSerializer", made))
        return decorated

    return register


def writer_of(kind: type) -> Writer | None:
    """How values of exactly this type are written."""
    return _WRITERS.get(kind)


def nearest_writer(kind: type) -> Writer | None:
    """How values of this type are written when it has no serializer of its own."""
    found = next((_WRITERS[parent] for parent in kind.__mro__ if parent in _WRITERS), None)
    if found is None or found is _WRITERS[tuple]:
        found = named.writer_by_make(kind) or builtin.foreign_writer(kind) or found
    # An abstract class may count classes as its own that do not inherit from it.
    known = tuple(_WRITERS.items())
    return found or next((writer for parent, writer in known if issubclass(kind, parent)), None)


def reader_of(name: Any) -> Reader:
    """How object forms of this name are read.

    Raises:
        LookupError: there is none of that name.
    """
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        raise LookupError(
            f"Serializer {name!r} is not known: this process imported no module that registers it "
            f"with samovar.serializer"
        )
    return reader


def _check(name: Any, kind: Any, made: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"serializer: the name is {name!r}; expected a string.")
    if not isinstance(kind, type) or kind in _SETTLED:
        raise ArgumentError(f"serializer {name!r}: {kind!r} is no type that needs a serializer.")
    if not all(callable(getattr(made, verb, None)) for verb in ("serialize", "deserialize")):
        raise ArgumentError(f"serializer {name!r}: it needs the methods serialize, deserialize.")
    if name in builtin.READERS or name in python.READERS:
        raise ArgumentError(f"serializer {name!r}: a built-in one has that name.")
    for other, (other_kind, other_class) in _custom.items():
        again = is_same_definition(other_class, made.__class__)
        if not again and (other == name or other_kind is kind):
            raise ArgumentError(
                f"serializer {name!r} for {kind!r}: {_where(other_class)} has that name "
                f"or that type already."
            )


def _writing(name: str, made: ObjectSerializer) -> Callable[[Any, Inner], Any]:
    def write(value: Any, _: Inner) -> Any:
        fields = {key: item for key, item in made.serialize(value).items() if key != SERIALIZED}
        return tagged(name, **_native(fields, name))

    return write


def _reading(made: ObjectSerializer) -> Reader:
    def read(data: Mapping[str, Any], _: Rebuild) -> Any:
        # A value may keep what it is made from; the payload's own is what a retry carries.
        return made.deserialize({key: _own(data[key]) for key in data if key != SERIALIZED})

    return read


def _own(value: Any) -> Any:
    """A copy of a JSON value."""
    if value.__class__ is list:
        return [_own(item) for item in value]
    if value.__class__ is dict:
        return {key: _own(item) for key, item in value.items()}
    return value


def _native(value: Any, name: str) -> Any:
    """What a custom serializer returned, if it is JSON; decimals become text, as Ruby's do."""
    if value is None or isinstance(value, bool) or type(value) is int:
        return value
    if isinstance(value, str):
        return bare(value)
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, list | tuple):
        return [_native(item, name) for item in cast("list[Any]", value)]
    if isinstance(value, Decimal):
        return builtin.decimal_text(value)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        if all(isinstance(key, str) for key, _ in items):
            return {bare(key): _native(item, name) for key, item in items}
    raise SerializationError(
        f"The serializer {name!r} returned {cast('Any', value)!s:.60}; "
        f"expected JSON's own types: they are not encoded again."
    )


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
