"""Records of a database: only their global id travels, and a worker loads them again.

``gid://shop/Billing::Order/7`` is the order 7 of the application "shop". Several ids (a composite
key) stand one after another, each escaped as in a form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus, unquote_plus

from samovar.errors import ArgumentError, RecordNotFoundError, SerializationError
from samovar.job import runtime
from samovar.job.hashes import bare
from samovar.support.names import is_same_definition

_URI = re.compile(r"gid://([A-Za-z0-9][A-Za-z0-9.-]*)/([^/?#\s]+)/([^?#\s]+)(?:\?[^#\s]*)?")


@dataclass(frozen=True, slots=True)
class Model:
    """A class whose objects travel as global ids."""

    cls: type
    name: str
    find: Callable[[Any], Any]
    id_of: Callable[[Any], Any]
    app: str | None
    missing: tuple[type[BaseException], ...]


_by_class: dict[type, Model] = {}
_by_name: dict[tuple[str | None, str], Model] = {}


def register_model(
    cls: type,
    *,
    name: str | None = None,
    find: Callable[[Any], Any],
    id: Callable[[Any], Any] = lambda record: record.id,
    app: str | None = None,
    missing: type[BaseException] | tuple[type[BaseException], ...] = (),
) -> None:
    """Let objects of `cls`, and of its subclasses, travel as global ids.

    `find` gets the id as a string, or a tuple of strings when it is composite, and returns the
    record, or None when there is none; errors listed in `missing` say the same. Whatever else it
    raises is a `DeserializationError`. `name` is the model's name on the wire, by default the
    class's own; `id` reads a record's id, by default its attribute `id`; `app` is an application
    other than `global_id_app`, whose models have finders of their own.

    Raises:
        ArgumentError: a value is of no use, or another class bears that name.
    """
    name = cls.__name__ if name is None else name
    if not callable(find) or not callable(id):
        raise ArgumentError(f"register_model: find and id of {name} must be callable.")
    if not re.fullmatch(r"[^/?#\s]+", name):
        raise ArgumentError(f"register_model: {name!r} is no name for a model.")
    key = (app.lower() if app else None, name)
    holder = _by_name.get(key)
    if holder is not None and not is_same_definition(holder.cls, cls):
        raise ArgumentError(
            f"register_model: {_where(holder.cls)} is {name!r} already; "
            f"give {_where(cls)} another name."
        )
    missing = missing if isinstance(missing, tuple) else (missing,)
    model = Model(cls, name, find, id, app, missing)
    _by_name[key] = _by_class[cls] = model


def global_id(value: Any) -> str | None:
    """The global id of a record; None for an object that is none.

    Raises:
        SerializationError: it is one, but has no id.
    """
    for parent in value.__class__.__mro__:
        if (model := _by_class.get(parent)) is not None:
            return _uri(model, model.id_of(value))
    own = getattr(value, "to_global_id", None) or getattr(value, "__global_id__", None)
    if own is None:
        return None
    uri = str(own() if callable(own) else own)
    if not _URI.fullmatch(uri):
        raise SerializationError(
            f"{type(value).__qualname__} says that its global id is {uri!r}; "
            f"expected gid://app/Model/id."
        )
    return uri


def locate(uri: Any) -> Any:
    """The record that a global id stands for; None for what is no global id at all.

    Raises:
        RecordNotFoundError: there is no such record.
        LookupError: no model of that name is registered.
        Exception: whatever the model's finder raised.
    """
    found = _URI.fullmatch(uri) if isinstance(uri, str) else None
    if found is None:
        return None
    app, name, path = found.groups()
    model = _by_name.get((app.lower(), name)) or _by_name.get((None, name))
    if model is None:
        raise LookupError(f"no model is registered as {name!r} ({uri}): samovar.register_model")
    try:
        record = model.find(_id(path))
    except model.missing as error:
        raise _not_found(error) from error
    if record is None:
        error = LookupError(f"there is no {name} for {uri}")
        raise _not_found(error) from error
    return record


def _uri(model: Model, identity: Any) -> str:
    parts = cast("tuple[Any, ...]", identity if isinstance(identity, tuple | list) else (identity,))
    if not parts or any(part is None or str(part) == "" for part in parts):
        raise SerializationError(
            f"Unable to serialize {_where(model.cls)} without an id: is it saved already?"
        )
    app = model.app or runtime.current().job_settings.global_id_app
    return f"gid://{app}/{model.name}/{'/'.join(quote_plus(bare(part)) for part in parts)}"


def _id(path: str) -> Any:
    parts = tuple(unquote_plus(part) for part in path.split("/"))
    return parts[0] if len(parts) == 1 else parts


def _not_found(error: BaseException) -> RecordNotFoundError:
    return RecordNotFoundError(f"Error while trying to deserialize arguments: {error}")


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
