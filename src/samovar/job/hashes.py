"""Ruby's two kinds of hash key in Python's dict: symbols, and hashes that do not care."""

from __future__ import annotations

from typing import Any


class Symbol(str):
    """A Ruby symbol: equal to the str of the same name, but travels as a symbol."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Symbol({str.__repr__(self)})"


class IndifferentDict(dict[str, Any]):
    """A dict that travels as Ruby's hash with indifferent access."""

    __slots__ = ()
