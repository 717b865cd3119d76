"""Pydantic: models as arguments of jobs, those that were registered.

register_pydantic(Parcel)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from pydantic import BaseModel

from samovar.errors import ArgumentError, SerializationError
from samovar.job.serializers.registry import serializer

M = TypeVar("M", bound=type[BaseModel])

#: The model of each name.
_registered: dict[str, type[BaseModel]] = {}


class _ModelSerializer:
    """Writes a model as the JSON that Pydantic makes of it, and has Pydantic read that."""

    def __init__(self, cls: type[BaseModel]) -> None:
        self._class = cls

    def serialize(self, value: BaseModel) -> Mapping[str, Any]:
        """The model's fields, by their names in Python."""
        if type(value) is not self._class:
            raise SerializationError(
                f"Unsupported argument type: {type(value).__qualname__} is only a subclass of the "
                f"registered {self._class.__qualname__} and would come back as one. Register it "
                f"too: samovar.contrib.pydantic.register_pydantic({type(value).__name__})."
            )
        return {"model": json.loads(value.model_dump_json(round_trip=True))}

    def deserialize(self, data: Mapping[str, Any]) -> BaseModel:
        """The model again; its validators run as for any JSON that comes in."""
        # Read from JSON: a strict model takes a date's text from JSON alone.
        text = json.dumps(data["model"])
        return self._class.model_validate_json(text, by_alias=False, by_name=True)


@overload
def register_pydantic(cls: M, /) -> M: ...
@overload
def register_pydantic(cls: None = None, /, *, name: str) -> Callable[[M], M]: ...
@overload
def register_pydantic(cls: M, /, *, name: str) -> M: ...
def register_pydantic(cls: Any = None, /, *, name: str | None = None) -> Any:
    """Let models of this class be arguments of jobs. May decorate the class.

    `name` travels under ``_aj_serialized``; it is the class's own and ``Serializer`` if none is
    given, as in ``ParcelSerializer``. Whoever performs the job must have made the same call: a
    name off the wire is looked up, never imported.

    Raises:
        ArgumentError: it is no Pydantic model, a field would be left out on the way, or something
            else bears that name.
    """
    if cls is None:
        return lambda decorated: register_pydantic(decorated, name=name)  # type: ignore[call-overload]
    if not isinstance(cls, type) or not issubclass(cls, BaseModel):
        raise ArgumentError(f"register_pydantic: {cls!r} is no Pydantic model.")
    left_out = [field for field, about in cls.model_fields.items() if about.exclude]
    if left_out:
        raise ArgumentError(
            f"register_pydantic: {cls.__qualname__}.{left_out[0]} is excluded when the model is "
            f"written (exclude=True), so it would be lost. Write a samovar.serializer."
        )
    name = name or f"{cls.__name__}Serializer"
    holder = _registered.get(name, cls)
    if _where(holder) != _where(cls):
        raise ArgumentError(
            f"register_pydantic: {_where(holder)} travels as {name!r} already; give {_where(cls)} "
            f"another name: register_pydantic({cls.__name__}, name=...)."
        )
    serializer(name, cls)(_ModelSerializer(cls))
    _registered[name] = cls
    return cls


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
