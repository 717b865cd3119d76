"""Which class bears which name on the wire. A payload's name is looked up here, never imported."""

from __future__ import annotations

import difflib
import gc
import weakref
from collections.abc import Iterator
from typing import Generic, TypeVar

from samovar.errors import DuplicateJobNameError, UnknownJobClassError
from samovar.support.home import module_file

T = TypeVar("T")


class ClassNames(Generic[T]):
    """A registry of classes by name. Holds them weakly: a class that nobody can reach is gone."""

    def __init__(self) -> None:
        self._classes: dict[str, weakref.ref[type[T]]] = {}

    def register(self, name: str, cls: type[T]) -> None:
        """Let `cls` bear `name`. The same definition made again (a reload, a notebook, a script
        that is imported too) replaces.

        Raises:
            DuplicateJobNameError: another living class bears it.
        """
        holder = self._living(name)
        if holder is not None and not is_same_definition(holder, cls):
            gc.collect()  # classes die in reference cycles; ask again before accusing a dead one
            holder = self._living(name)
        if holder is not None and holder is not cls and not is_same_definition(holder, cls):
            raise DuplicateJobNameError(
                f"Two job classes are named {name!r}: {_where(holder)} and {_where(cls)}. "
                f'Give one of them another name: job_name = "..." in the class.'
            )
        self._classes[name] = weakref.ref(cls)

    def find(self, name: object) -> type[T]:
        """The class that bears `name`.

        Raises:
            UnknownJobClassError: none does.
        """
        try:
            cls = self._classes[name]()  # type: ignore[index] -- what is no name is not found
        except (KeyError, TypeError):
            cls = None
        if cls is None:
            raise UnknownJobClassError(self._unknown(name))
        return cls

    def __iter__(self) -> Iterator[tuple[str, type[T]]]:
        for name in sorted(self._classes):
            if (cls := self._living(name)) is not None:
                yield name, cls

    def _living(self, name: str) -> type[T] | None:
        reference = self._classes.get(name)
        return reference() if reference is not None else None

    def _unknown(self, name: object) -> str:
        if not isinstance(name, str):
            return f"The payload names no job class: job_class is {name!r}; expected a string."
        near = difflib.get_close_matches(name, self._classes, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return (
            f"No job class is named {name!r:.200}.{hint} Import the module that defines it: "
            f"name it in the setting `imports`, or import it where `app` is. A class defined in "
            f"a script that is run as __main__ is known to that script alone."
        )


def is_same_definition(one: type, other: type) -> bool:
    """Whether the same lines made both: their module was loaded again, or once more under another
    name, as a script is that is `__main__` and is imported too.
    """
    if one.__qualname__ != other.__qualname__:
        return False
    return one.__module__ == other.__module__ or _is_same_file(one.__module__, other.__module__)


def _is_same_file(one: str, other: str) -> bool:
    files = module_file(one), module_file(other)
    return None not in files and len({file.resolve() for file in files if file}) == 1


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
