"""What a serializer is: a way to write the values of a type, and to read what has its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

#: The key that names the serializer; first in every object form.
SERIALIZED = "_aj_serialized"

#: Writes a value inside another one; the second argument says where it stands there.
Inner = Callable[[Any, str | int], Any]
#: Rebuilds a value inside another one.
Rebuild = Callable[[Any], Any]
#: Rebuilds a value from its whole object form.
Reader = Callable[[Mapping[str, Any], Rebuild], Any]


class ObjectSerializer(Protocol):
    """What users write for a type of their own; see `samovar.serializer`."""

    def serialize(self, value: Any) -> Mapping[str, Any]:
        """The value as JSON's own types; they are not encoded again."""
        ...

    def deserialize(self, data: Mapping[str, Any]) -> Any:
        """The value again, from what `serialize` returned."""
        ...


@dataclass(frozen=True, slots=True)
class Writer:
    """How the values of a type are written."""

    #: The whole object form, the serializer's name first.
    write: Callable[[Any, Inner], Any]
    #: Whether Ruby has no serializer of that name.
    is_only_python: bool = False
    #: A form that loses the type and that everybody reads.
    portable: Callable[[Any, Inner], Any] | None = None


class Refused(Exception):
    """This value has no form; the text goes on from the value's place: "has no time zone"."""


def tagged(name: str, /, **fields: Any) -> dict[str, Any]:
    """An object form."""
    return {SERIALIZED: name, **fields}


def text_of(data: Mapping[str, Any], key: str = "value") -> str:
    """A string in an object form.

    Raises:
        TypeError: something else is there, or nothing.
    """
    value = data.get(key)
    if not isinstance(value, str):
        raise TypeError(f"{data[SERIALIZED]}: {key} is {value!r:.60}; expected a string")
    return value
