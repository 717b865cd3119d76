"""Ruby's two kinds of hash key in Python's dict: symbols, and hashes that do not care."""

from __future__ import annotations

from typing import Any, cast


def bare(value: object) -> str:
    """The value as text. A str is its own text, whatever its class makes of `str()`, which for a
    member of a str Enum is the member's name.
    """
    return str.__str__(value) if isinstance(value, str) else str(value)


class Symbol(str):
    """A Ruby symbol: equal to the str of the same name, but travels as a symbol."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Symbol({str.__repr__(self)})"


class IndifferentDict(dict[str, Any]):
    """A dict that travels as Ruby's hash with indifferent access.

    As in Ruby its keys are strings, and dicts put into it, also in lists, become such dicts too.
    """

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.update(*args, **kwargs)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(_plain(key), _indifferent(value))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value under `key`, put there first if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Lay what a dict would be made of over this one."""
        for key, value in dict[str, Any](*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: Any) -> IndifferentDict:  # type: ignore[override,misc]
        self.update(other)
        return self


def _plain(key: Any) -> Any:
    return bare(key) if isinstance(key, str) else key


def _indifferent(value: Any) -> Any:
    if value.__class__ is dict:
        return IndifferentDict(value)
    if value.__class__ is list:
        return [_indifferent(item) for item in cast("list[Any]", value)]
    return value
