"""Job arguments to JSON values and back, as Active Job writes them.

Scalars and lists stay as they are. A dict carries a marker that lists which of its keys are
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
from samovar.job.hashes import IndifferentDict, Symbol, bare
from samovar.job.serializers import builtin, for_ruby, records, registry
from samovar.job.serializers.base import SERIALIZED, Refused, Writer, tagged
from samovar.support.wording import message

GLOBAL_ID = "_aj_globalid"
SYMBOL_KEYS = "_aj_symbol_keys"
KEYWORDS = "_aj_ruby2_keywords"
INDIFFERENT = "_aj_hash_with_indifferent_access"
RESERVED = frozenset({GLOBAL_ID, SYMBOL_KEYS, KEYWORDS, SERIALIZED, INDIFFERENT})

#: Exact types that are their own JSON form.
_PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})
#: What JSON has beside lists and objects: on the way back it stays as it is.
_SCALAR: frozenset[type] = _PLAIN | {float}

#: How deep lists and dicts may lie in one another: a worker reads with the call stack that is left
#: to it. Reading an object takes as much as several of them.
_MAX_DEPTH = 200
_OBJECT_DEPTH = 4
#: What Ruby's JSON parser reads, less the job hash and its list of arguments.
_RUBY_DEPTH = 98

#: Where a value stands: the place of what it is in, its key there, and how deep that is. The
#: outermost place is the real queue's name and a word such as "arguments".
Place = tuple[Any, str | int, int]


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
                values[index] = _encode(argument, ((queue, "arguments", 0), index, 0))
        if keywords:
            encoded = _encode_items(keywords, (queue, "keyword_arguments", 0))
            encoded[KEYWORDS] = [bare(name) for name in keywords]
            values.append(encoded)
        return values
    except RecursionError as error:  # the caller left little of the call stack
        raise SerializationError("The arguments are nested too deeply, or in a circle.") from error


def serialize_bare(value: Any, what: str, queue: str | None = None) -> Any:
    """The JSON value that stands for one value outside of arguments, where Ruby reads plain JSON:
    dicts have no marker unless it says something. `what` names the value in errors.

    Raises:
        SerializationError: it has no form on the wire, or one that Ruby would take for something
            else, on a queue that Ruby serves too (setting `ruby_queues`).
    """
    if value.__class__ in _PLAIN:
        return value
    place: Place = (queue, what, 0)
    try:
        found = _without_empty_markers(_encode(value, place))
    except RecursionError as error:
        raise SerializationError(f"{what} is nested too deeply, or in a circle.") from error
    if _has_marker(found) and runtime.current().job_settings.is_shared_with_ruby(queue):
        raise SerializationError(
            f"Unsupported value: {what} is {value!r:.60}, for which JSON has no form, and Ruby "
            f"performs jobs of the queue {queue!r} too (ruby_queues). Pass JSON values."
        )
    return found


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
        said = f"the key {error} is missing" if type(error) is KeyError else message(error)
        raise DeserializationError(
            f"Error while trying to deserialize arguments: {said}"
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
        depth = _deeper(place)
        return [_encode(item, (place, index, depth)) for index, item in enumerate(value)]
    if kind is dict:
        encoded = _encode_items(value, place)
        encoded[SYMBOL_KEYS] = [bare(key) for key in value if isinstance(key, Symbol)]
        return encoded
    if kind is Symbol:
        _deeper(place)
        return tagged(builtin.SYMBOL, value=bare(value))
    if kind is IndifferentDict:
        encoded = _encode_items(value, place)
        encoded[INDIFFERENT] = True
        return encoded
    return _encode_object(value, kind, place)


def _encode_items(value: Mapping[Any, Any], place: Place) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    depth = _deeper(place)
    for key, item in value.items():
        if not isinstance(key, str):
            raise SerializationError(
                f"Only string and symbol hash keys can be serialized: "
                f"{_at(place)} has the key {key!r} of type {type(key).__name__}."
            )
        if key in RESERVED:
            raise SerializationError(
                f"Can't serialize a Hash with reserved key {bare(key)!r}: found in {_at(place)}."
            )
        name = bare(key)
        encoded[name] = _encode(item, (place, name, depth))
    return encoded


def _deeper(place: Place, by: int = 1) -> int:
    """How deep that is which stands in a list, dict or object at this place.

    Raises:
        SerializationError: a worker could not read it again.
    """
    depth = place[2] + by
    if depth > _RUBY_DEPTH:
        if depth > _MAX_DEPTH:
            raise SerializationError(
                f"{_beginning(place)} is nested too deeply, or in a circle: lists and dicts may "
                f"lie {_MAX_DEPTH} deep in one another, objects {_MAX_DEPTH // _OBJECT_DEPTH} deep."
            )
        if runtime.current().job_settings.is_shared_with_ruby(queue := _queue(place)):
            raise SerializationError(
                f"{_beginning(place)} is nested more than {_RUBY_DEPTH} deep, which Ruby's JSON "
                f"does not read, and Ruby performs jobs of the queue {queue!r} too (ruby_queues)."
            )
    return depth


def _without_empty_markers(encoded: Any) -> Any:
    if encoded.__class__ is list:
        return [_without_empty_markers(item) for item in encoded]
    if encoded.__class__ is dict:
        return {
            key: _without_empty_markers(item)
            for key, item in encoded.items()
            if key != SYMBOL_KEYS or item
        }
    return encoded


def _has_marker(encoded: Any) -> bool:
    if encoded.__class__ is dict:
        return not RESERVED.isdisjoint(encoded) or any(map(_has_marker, encoded.values()))
    return encoded.__class__ is list and any(map(_has_marker, encoded))


def _encode_object(value: Any, kind: type, place: Place) -> Any:
    """What JSON has no form for: by the type's own serializer, as a record, as its parent type."""
    writer = registry.writer_of(kind)
    if writer is None:
        if not isinstance(value, type) and (uri := records.global_id(value)) is not None:
            return {GLOBAL_ID: uri}
        writer = registry.nearest_writer(kind)
    if writer is None:
        return _encode_as_parent(value, kind, place)

    depth = _deeper(place, _OBJECT_DEPTH)

    def inner(item: Any, key: str | int) -> Any:
        return _encode(item, (place, key, depth))

    try:
        if writer.is_only_python:
            return _portable_or_own(writer, place)(value, inner)
        settings = runtime.current().job_settings
        if settings.ruby_queues and settings.is_shared_with_ruby(_queue(place)):
            for_ruby.check(value)
        return writer.write(value, inner)
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
        return bare(value)
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
    parent, key, _ = place
    return f"{_at(cast('Place', parent))}[{key!r}]" if isinstance(parent, tuple) else str(key)


def _way_to(place: Place) -> list[Place]:
    """The places from the outermost one to this."""
    way = [place]
    while isinstance(way[-1][0], tuple):
        way.append(cast("Place", way[-1][0]))
    return way[::-1]


def _beginning(place: Place) -> str:
    """The argument that a place deep down belongs to."""
    return _at(_way_to(place)[:2][-1])


def _queue(place: Place) -> Any:
    return _way_to(place)[0][0]


def _kind(value: object) -> str:
    return f"{value!r:.60} of type {type(value).__name__}"
