"""Job arguments to JSON values and back, as Active Job writes them.

Scalars and lists stay as they are. A dict carries a marker that tells which of its keys are
Ruby symbols; keyword arguments are the last element, a hash marked as keywords. Every other
type needs a serializer. Source of the format: Active Job's `arguments.rb`, Rails 7.2 to 8.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from samovar.errors import DeserializationError, SerializationError
from samovar.job.hashes import IndifferentDict, Symbol

GLOBAL_ID = "_aj_globalid"
SYMBOL_KEYS = "_aj_symbol_keys"
KEYWORDS = "_aj_ruby2_keywords"
SERIALIZED = "_aj_serialized"
INDIFFERENT = "_aj_hash_with_indifferent_access"
RESERVED = frozenset({GLOBAL_ID, SYMBOL_KEYS, KEYWORDS, SERIALIZED, INDIFFERENT})

_SYMBOL_SERIALIZER = "ActiveJob::Serializers::SymbolSerializer"

#: Exact types that are their own JSON form.
_PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})


def serialize(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[Any]:
    """The JSON values that stand for a call's arguments.

    Raises:
        SerializationError: an argument has no form on the wire; says which and why.
    """
    values: list[Any] = [
        argument if type(argument) in _PLAIN else _encode(argument, ("arguments", index))
        for index, argument in enumerate(arguments)
    ]
    if keywords:
        encoded = _encode_items(keywords, ("keyword_arguments",))
        encoded[KEYWORDS] = list(keywords)
        values.append(encoded)
    return values


def deserialize(values: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments from their JSON values.

    Raises:
        DeserializationError: they cannot be rebuilt; the original error is the cause.
    """
    if values is None:
        return [], {}
    try:
        if values.__class__ is not list:
            raise TypeError(f"arguments are {_kind(values)}, expected a list")
        keywords: dict[str, Any] = {}
        if values and values[-1].__class__ is dict and KEYWORDS in values[-1]:
            *values, last = values
            keywords = {str(key): value for key, value in _decode_dict(last).items()}
        return [item if item.__class__ in _PLAIN else _decode(item) for item in values], keywords
    except DeserializationError:
        raise
    except Exception as error:
        raise DeserializationError(
            f"Error while trying to deserialize arguments: {error}"
        ) from error


def _encode(value: Any, path: tuple[str | int, ...]) -> Any:
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise SerializationError(f"{_at(path)} is {value}, which has no JSON form.")
        return value
    if kind is list:
        return [_encode(item, (*path, index)) for index, item in enumerate(value)]
    if kind is dict:
        encoded = _encode_items(value, path)
        encoded[SYMBOL_KEYS] = [str(key) for key in value if isinstance(key, Symbol)]
        return encoded
    if kind is Symbol:
        return {SERIALIZED: _SYMBOL_SERIALIZER, "value": str(value)}
    if kind is IndifferentDict:
        encoded = _encode_items(value, path)
        encoded[INDIFFERENT] = True
        return encoded
    raise SerializationError(
        f"Unsupported argument type: {_at(path)} is of {kind.__module__}.{kind.__qualname__}. "
        f"Pass JSON values, or what they can be rebuilt from, such as an id."
    )


def _encode_items(value: Mapping[Any, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise SerializationError(
                f"Only string and symbol hash keys can be serialized: "
                f"{_at(path)} has the key {key!r} of type {type(key).__name__}."
            )
        if key in RESERVED:
            raise SerializationError(
                f"Can't serialize a Hash with reserved key {str(key)!r}: found in {_at(path)}."
            )
        encoded[str(key)] = _encode(item, (*path, str(key)))
    return encoded


def _decode(value: Any) -> Any:
    kind = value.__class__
    if kind in _PLAIN or kind is float:
        return value
    if kind is list:
        return [_decode(item) for item in value]
    if kind is dict:
        return _decode_dict(value)
    raise TypeError(f"can only deserialize JSON values, found {_kind(value)}")


def _decode_dict(value: dict[str, Any]) -> Any:
    if GLOBAL_ID in value and len(value) == 1:
        raise LookupError(f"no model is registered for {value[GLOBAL_ID]!r}")
    if SERIALIZED in value:
        return _decode_object(value)
    if INDIFFERENT in value:
        items = {k: _decode(v) for k, v in value.items() if k != INDIFFERENT}
        return IndifferentDict(items)
    marker = KEYWORDS if KEYWORDS in value else SYMBOL_KEYS
    symbols: Any = value.get(marker, ())
    return {
        Symbol(key) if key in symbols else key: _decode(item)
        for key, item in value.items()
        if key != marker
    }


def _decode_object(value: dict[str, Any]) -> Any:
    name = value[SERIALIZED]
    if name == _SYMBOL_SERIALIZER:
        return Symbol(value["value"])
    raise LookupError(f"Serializer {name!r} is not known")


def _at(path: tuple[str | int, ...]) -> str:
    head, *rest = path
    return str(head) + "".join(f"[{part!r}]" for part in rest)


def _kind(value: object) -> str:
    return f"{value!r:.60} of type {type(value).__name__}"
