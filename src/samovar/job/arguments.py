"""Job arguments to JSON values and back, as Active Job writes them.

Scalars and lists stay as they are. A dict carries a marker that tells which of its keys are
Ruby symbols; keyword arguments are the last element, a hash marked as keywords. Every other
type needs a serializer (`serializers/`), or is a record. Source of the format: Active Job's
`arguments.rb`, Rails 7.2 to 8.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from samovar.errors import DeserializationError, SerializationError
from samovar.job import runtime
from samovar.job.hashes import IndifferentDict, Symbol
from samovar.job.serializers import builtin, records, registry
from samovar.job.serializers.base import SERIALIZED, Refused, Writer, tagged

GLOBAL_ID = "_aj_globalid"
SYMBOL_KEYS = "_aj_symbol_keys"
KEYWORDS = "_aj_ruby2_keywords"
INDIFFERENT = "_aj_hash_with_indifferent_access"
RESERVED = frozenset({GLOBAL_ID, SYMBOL_KEYS, KEYWORDS, SERIALIZED, INDIFFERENT})

#: Exact types that are their own JSON form.
_PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})
#: What JSON has beside lists and objects: on the way back it stays as it is.
_SCALAR: frozenset[type] = _PLAIN | {float}

#: Where a value stands: the place of what it is in, and its key there. The outermost place is
#: the real queue's name and the word "arguments" or "keyword_arguments".
Place = tuple[Any, str | int]


def serialize(
    arguments: Sequence[Any], keywords: Mapping[str, Any], queue: str | None = None
) -> list[Any]:
    """The JSON values that stand for a call's arguments.

    `queue` is the real name of the queue that they go to: where Ruby performs jobs too, what it
    could not read is refused (setting `ruby_queues`).

    Raises:
        SerializationError: an argument has no form on the wire; says which and why.
    """
    try:
        values = list(arguments)
        for index, argument in enumerate(arguments):
            if type(argument) not in _PLAIN:
                values[index] = _encode(argument, ((queue, "arguments"), index))
        if keywords:
            encoded = _encode_items(keywords, (queue, "keyword_arguments"))
            encoded[KEYWORDS] = list(keywords)
            values.append(encoded)
        return values
    except RecursionError as error:
        raise SerializationError("The arguments are nested too deeply, or in a circle.") from error


def deserialize(values: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments from their JSON values.

    Raises:
        DeserializationError: they cannot be rebuilt; the original error is the cause.
        RecordNotFoundError: one of them is a record that is gone.
    """
    if values is None:
        return [], {}
    try:
        if values.__class__ is not list:
            raise TypeError(f"arguments are {_kind(values)}, expected a list")
        for value in values:
            if value.__class__ not in _SCALAR:
                return _decode_all(values)
        return [*values], {}
    except DeserializationError:
        raise
    except Exception as error:
        raise DeserializationError(
            f"Error while trying to deserialize arguments: {error}"
        ) from error


def _encode(value: Any, place: Place) -> Any:
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise SerializationError(f"{_at(place)} is {value}, which has no JSON form.")
        return value
    if kind is list:
        return [_encode(item, (place, index)) for index, item in enumerate(value)]
    if kind is dict:
        encoded = _encode_items(value, place)
        encoded[SYMBOL_KEYS] = [str(key) for key in value if isinstance(key, Symbol)]
        return encoded
    if kind is Symbol:
        return tagged(builtin.SYMBOL, value=str(value))
    if kind is IndifferentDict:
        encoded = _encode_items(value, place)
        encoded[INDIFFERENT] = True
        return encoded
    return _encode_object(value, kind, place)


def _encode_items(value: Mapping[Any, Any], place: Place) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise SerializationError(
                f"Only string and symbol hash keys can be serialized: "
                f"{_at(place)} has the key {key!r} of type {type(key).__name__}."
            )
        if key in RESERVED:
            raise SerializationError(
                f"Can't serialize a Hash with reserved key {str(key)!r}: found in {_at(place)}."
            )
        encoded[str(key)] = _encode(item, (place, str(key)))
    return encoded


def _encode_object(value: Any, kind: type, place: Place) -> Any:
    """What JSON has no form for: by the type's own serializer, as a record, as its parent type."""
    writer = registry.writer_of(kind)
    if writer is None:
        if not isinstance(value, type) and (uri := records.global_id(value)) is not None:
            return {GLOBAL_ID: uri}
        writer = registry.nearest_writer(kind)
    if writer is None:
        return _encode_as_parent(value, kind, place)

    def inner(item: Any, key: str | int) -> Any:
        return _encode(item, (place, key))

    try:
        write = _portable_or_own(writer, place) if writer.is_only_python else writer.write
        return write(value, inner)
    except Refused as refusal:
        raise SerializationError(f"Unsupported argument type: {_at(place)} {refusal}") from None


def _portable_or_own(writer: Writer, place: Place) -> Any:
    settings = runtime.current().job_settings
    if settings.portable_arguments and writer.portable is not None:
        return writer.portable
    if settings.is_shared_with_ruby(queue := _queue(place)):
        raise Refused(
            f"has a form that only Python reads, and Ruby performs jobs of the queue {queue!r} "
            f"too (ruby_queues). Pass JSON values, or write a samovar.serializer."
        )
    return writer.write


def _encode_as_parent(value: Any, kind: type, place: Place) -> Any:
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, list):
        return _encode(list(cast("list[Any]", value)), place)
    if issubclass(kind, dict):
        return _encode(dict(cast("dict[Any, Any]", value)), place)
    raise SerializationError(
        f"Unsupported argument type: {_at(place)} is of {kind.__module__}.{kind.__qualname__}. "
        f"Pass JSON values, or what they can be rebuilt from, such as an id; or teach Samovar "
        f"the type: samovar.serializer, samovar.register_model."
    )


def _decode_all(values: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments among which there is more than scalars."""
    keywords: dict[str, Any] = {}
    if values[-1].__class__ is dict and KEYWORDS in values[-1]:
        values, keywords = _split(values)
    return [_decode(value) for value in values], keywords


def _decode(value: Any) -> Any:
    kind = value.__class__
    if kind in _SCALAR:
        return value
    if kind is list:
        return [_decode(item) for item in value]
    if kind is dict:
        return _decode_dict(value)
    raise TypeError(f"can only deserialize JSON values, found {_kind(value)}")


def _split(values: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional values, still encoded, and keyword arguments, if the last hash is really these."""
    last: dict[str, Any] = values[-1]
    if last[KEYWORDS] is None or SYMBOL_KEYS in last or INDIFFERENT in last or SERIALIZED in last:
        return values, {}
    return values[:-1], {key: _decode(item) for key, item in last.items() if key != KEYWORDS}


def _decode_dict(value: dict[str, Any]) -> Any:
    if GLOBAL_ID in value and len(value) == 1:
        return records.locate(value[GLOBAL_ID])
    if SERIALIZED in value:
        return registry.reader_of(value[SERIALIZED])(value, _decode)
    if INDIFFERENT in value:
        rest = {key: item for key, item in value.items() if key != INDIFFERENT}
        if not value[INDIFFERENT]:
            return _decode_dict(rest)
        return IndifferentDict({key: _decode(item) for key, item in rest.items()})
    marker = SYMBOL_KEYS if SYMBOL_KEYS in value else KEYWORDS
    symbols: Any = value.get(marker)
    if symbols.__class__ is not list:
        symbols = _no_symbols(marker, symbols)
    elif len(symbols) > 8:
        symbols = set(symbols)
    return {
        Symbol(key) if key in symbols else key: _decode(item)
        for key, item in value.items()
        if key != marker
    }


def _no_symbols(marker: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    raise TypeError(f"{marker} is {_kind(value)}, expected a list")


def _at(place: Place) -> str:
    parent, key = place
    return f"{_at(cast('Place', parent))}[{key!r}]" if isinstance(parent, tuple) else str(key)


def _queue(place: Place) -> Any:
    parent = place[0]
    return _queue(cast("Place", parent)) if isinstance(parent, tuple) else parent


def _kind(value: object) -> str:
    return f"{value!r:.60} of type {type(value).__name__}"
