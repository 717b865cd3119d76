"""Which class bears which name on the wire, apart from jobs: classes as values, errors, enums.

A name that came off the wire is looked up here, never imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from samovar.errors import ArgumentError
from samovar.support.names import is_same_definition

C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True)
class RubyConstant:
    """A Ruby class or module that no Python class stands for; travels on under its name."""

    #: Its full name: ``Billing::Invoice``.
    name: str


_classes: dict[str, type] = {}
_names: dict[type, str] = {}
_others: list[Callable[[str], type]] = []


def register_class(cls: C, name: str | None = None) -> C:
    """Let `cls` travel under `name`; its own name if none is given. May decorate the class.

    Then the class itself may be an argument (Ruby's ModuleSerializer), and so may the values of
    an Enum, a dataclass or a NamedTuple. The same definition made again replaces.

    Raises:
        ArgumentError: it is no class, the name is blank, or another class bears it.
    """
    if not isinstance(cls, type):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
        raise ArgumentError(f"register_class: {cls!r} is no class.")
    name = cls.__name__ if name is None else name
    if not name.strip():
        raise ArgumentError(f"register_class: the name of {_where(cls)} is blank.")
    holder = _classes.get(name, cls)
    if not is_same_definition(holder, cls):
        raise ArgumentError(
            f"register_class: {_where(holder)} is {name!r} already; "
            f"give {_where(cls)} another name."
        )
    if holder.__module__ == cls.__module__:  # else both are in use: a script that is imported too
        _names.pop(holder, None)
    _classes.pop(_names.pop(cls, name), None)
    _classes[name] = cls
    _names[cls] = name
    return cls


def also_ask(find: Callable[[str], type]) -> None:
    """Look names up there too; `find` raises LookupError for one that it does not know."""
    _others.append(find)


def find_class(name: str) -> type | None:
    """The class that travels under `name`; None if there is none."""
    if (cls := _classes.get(name)) is not None:
        return cls
    for find in _others:
        try:
            return find(name)
        except LookupError:
            continue
    return None


def registered_name(cls: type) -> str | None:
    """The name that `cls` travels under; None if it has none. A job class has its job name."""
    if (name := _names.get(cls)) is not None:
        return name
    job_name = getattr(cls, "job_name", None)
    if isinstance(job_name, str) and find_class(job_name) is cls:
        return job_name
    return None


def wire_name(cls: type) -> str:
    """The name that `cls` travels under, or else its own: as in counters of errors."""
    return _names.get(cls) or cls.__name__


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
