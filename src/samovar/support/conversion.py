"""Turns what a person wrote (in TOML, a variable, Python) into the type that a setting has.

A setting's type says it all: `Annotated[int, at_least(1)]`. Forms that are read: str, int, float,
bool, Path, Literal, tuple[str, ...], Mapping[str, ...], dataclasses, and each of them or None.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

#: A table of TOML, or what stands for one.
Table = Mapping[Any, Any]

_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a setting asks beyond its type; stands in `Annotated`."""

    #: Goes on from the type's own words: "a whole number" + "of at least 1".
    expected: str = ""
    #: Whether a value of the right type will do.
    holds: Callable[[Any], bool] = lambda value: True
    #: Turns another form that is welcome into the plain one; leaves all else as it is.
    read: Callable[[Any], Any] = lambda value: value
    #: What more there is to say of a value that will not do: a sentence, or nothing.
    hint: Callable[[Any], str] = lambda value: ""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The value cannot be used: what was found, what was expected, and a hint or nothing."""

    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """Goes on from the name of what was set."""
        return f"is {self.found}; expected {self.expected}. {self.hint}".rstrip()


#: No number may be larger: a slip of the keyboard must not fill the memory.
LARGEST = 2**31 - 1


def at_least(smallest: float, largest: float = LARGEST) -> Rule:
    """A number from `smallest` upwards, to the largest that makes sense."""
    return Rule(
        expected=f"of at least {smallest}",
        holds=lambda value: smallest <= value <= largest,
        hint=_says_largest(largest),
    )


def _says_largest(largest: float) -> Callable[[Any], str]:
    def hint(value: Any) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return f"The largest is {largest}." if is_number and value > largest else ""

    return hint


def between(smallest: float, largest: float) -> Rule:
    """A number from `smallest` to `largest`."""
    return Rule(
        expected=f"from {smallest} to {largest}", holds=lambda value: smallest <= value <= largest
    )


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _joined(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    parts = cast("list[Any]", value)
    return ",".join(parts) if all(isinstance(part, str) for part in parts) else parts


def _flattened(value: Any) -> Any:
    if (table := as_table(value)) is None:
        return value
    flat: dict[Any, Any] = {}
    for key, inner in table.items():
        if as_table(inner) is None:
            flat[key] = inner
        else:
            flat |= {f"{key}.{rest}": leaf for rest, leaf in _flattened(inner).items()}
    return flat


#: A string with something in it.
NOT_BLANK = Rule(expected="that is not blank", holds=lambda value: bool(value.strip()))
#: A list of strings is as good as one string with commas.
COMMA_LIST = Rule(read=_joined)
#: A key with dots need not be quoted in TOML: the tables that it makes there are undone.
DOTTED_KEYS = Rule(read=_flattened)
#: A length of time; Python may give a timedelta.
Seconds = Annotated[float, Rule(expected="of seconds", read=_seconds)]
#: A length of time that is not nought.
PositiveSeconds = Annotated[
    Seconds,
    Rule(
        expected="above 0",
        holds=lambda value: 0 < value <= LARGEST,
        hint=_says_largest(LARGEST),
    ),
]


@dataclass(frozen=True, slots=True)
class Shape:
    """A setting's type, taken apart."""

    #: The type without rules and without None.
    plain: Any
    rules: tuple[Rule, ...]
    is_optional: bool

    @property
    def is_table(self) -> bool:
        """Whether it has settings, or named values, of its own."""
        return is_dataclass(self.plain) or get_origin(self.plain) is Mapping

    def inner(self, name: Any) -> Shape | None:
        """The type of the value called `name`; None where there is none of that name."""
        if not isinstance(name, str) or not name.strip():
            return None
        if is_dataclass(self.plain):
            return self.members().get(name)
        return shape_of(get_args(self.plain)[1])

    def members(self) -> Mapping[str, Shape]:
        """The settings of a dataclass by name."""
        return shapes_of(cast(type, self.plain))

    def read(self, value: Any) -> Any:
        """`value`, with the other welcome forms turned into the plain one."""
        for rule in self.rules:
            value = rule.read(value)
        return value

    def expected(self) -> str:
        """What to write, in words."""
        origin = get_origin(self.plain)
        if origin is Literal:
            words = "one of " + ", ".join(get_args(self.plain))
        else:
            words = _WORDS.get(origin or self.plain, "a table" if self.is_table else "")
        return " ".join(filter(None, [words, *(rule.expected for rule in self.rules)]))

    def hint(self, value: Any) -> str:
        """What more there is to say of this value; may be nothing."""
        return " ".join(filter(None, (rule.hint(value) for rule in self.rules)))


def shape_of(hint: Any) -> Shape:
    """Take a type apart."""
    if get_origin(hint) is Annotated:
        plain, *rules = get_args(hint)
        inner = shape_of(plain)
        rules = tuple(rule for rule in rules if isinstance(rule, Rule))
        return Shape(inner.plain, inner.rules + rules, inner.is_optional)
    if get_origin(hint) in (Union, UnionType):
        inner = shape_of(next(part for part in get_args(hint) if part is not NoneType))
        return Shape(inner.plain, inner.rules, NoneType in get_args(hint))
    return Shape(hint, (), False)


@lru_cache
def shapes_of(cls: type) -> Mapping[str, Shape]:
    """The settings of a dataclass by name."""
    hints = get_type_hints(cls, include_extras=True)
    return {name: shape_of(hint) for name, hint in hints.items()}


def as_table(value: Any) -> Table | None:
    """`value` as a table; None if it is not one."""
    if isinstance(value, Mapping):
        return cast(Table, value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None


def convert(value: Any, shape: Shape) -> Any:
    """`value` in the type asked for (tables aside), or an `Unfit` that says why not."""
    value = shape.read(value)
    if value is None and shape.is_optional:
        return None
    fits, converted = _converted(value, shape.plain)
    if fits and all(rule.holds(converted) for rule in shape.rules):
        return converted
    return Unfit(_shown(value, shape), shape.expected(), shape.hint(value))


def from_text(text: str, shape: Shape) -> Any:
    """What an environment variable's text stands for; the text itself where it is no such thing."""
    if shape.is_optional and not text.strip():
        return None
    try:
        if shape.is_table:
            return _inline_table(text)
        return _FROM_TEXT.get(get_origin(shape.plain) or shape.plain, str)(text)
    except (ValueError, KeyError, RecursionError):
        return text


def _inline_table(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return tomllib.loads(f"value = {text}")["value"]


def _list_from_text(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_FROM_TEXT: dict[Any, Callable[[str], Any]] = {
    int: int,
    float: float,
    bool: lambda text: _TRUTHS[text.strip().lower()],
    tuple: _list_from_text,
}

_WORDS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    tuple: "a list of strings",
}


def _converted(value: Any, plain: Any) -> tuple[bool, Any]:
    """Whether `value` will do for the type, and what it becomes."""
    if plain is Any:
        return True, value
    if get_origin(plain) is Literal:
        return isinstance(value, str) and value in get_args(plain), value
    return _READERS.get(get_origin(plain) or plain, _read_nothing)(value)


def _read_float(value: Any) -> tuple[bool, Any]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False, value
    try:
        return math.isfinite(value), float(value)
    except OverflowError:
        return False, value


def _read_path(value: Any) -> tuple[bool, Any]:
    if isinstance(value, Path):
        return True, value
    fits = isinstance(value, str) and bool(value.strip()) and "\0" not in value
    return fits, Path(value) if fits else value


def _read_strings(value: Any) -> tuple[bool, Any]:
    parts = cast("list[Any]", value) if isinstance(value, list | tuple) else [None]
    return all(isinstance(part, str) and part.strip() for part in parts), tuple(parts)


def _read_nothing(value: Any) -> tuple[bool, Any]:
    return False, value


_READERS: dict[Any, Callable[[Any], tuple[bool, Any]]] = {
    str: lambda value: (isinstance(value, str), value),
    int: lambda value: (isinstance(value, int) and not isinstance(value, bool), value),
    bool: lambda value: (isinstance(value, bool), value),
    float: _read_float,
    Path: _read_path,
    tuple: _read_strings,
}


def _shown(value: Any, shape: Shape) -> str:
    if as_table(value) is not None:
        return "a table"
    if isinstance(value, str) and shape.is_table:
        return "a string"  # never the text: a table may hold passwords
    if shape.plain is Any:
        return f"a {type(value).__name__}"
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than some thousand digits
        return "far too long a number"
    return text if len(text) <= 60 else f"{text[:57]}..."
