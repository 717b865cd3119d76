"""Reads tables that people wrote, from several sources, against the settings that there are.

Later sources are laid over earlier ones; each fault is one sentence and says where it was made.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from samovar.support.conversion import Shape, Table, Unfit, as_table, convert, from_text

#: A setting's name, after those of the tables that it stands in.
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that settings were written in."""

    #: A place as a fault names it: with the file, or the variable.
    label: Callable[[Place], str]
    #: A place as one would write it there.
    spell: Callable[[Place], str]
    #: What relative paths are relative to.
    directory: Path
    #: Whether every value is text, whatever it stands for.
    is_text: bool = False


class TableReader:
    """Collects values and faults, source by source."""

    def __init__(self, schema: Mapping[str, Shape]) -> None:
        self.values: dict[str, Any] = {}
        self.faults: list[str] = []
        self._schema = schema
        self._labels: dict[Place, str] = {}
        self._failed: set[Place] = set()

    def read(self, table: Table, source: Source) -> None:
        """Lay what this table says over what was read before."""
        merge(self.values, self._table(table, source, (), self._schema.get))

    def label(self, place: Place) -> str:
        """Where the value in force was written."""
        return self._labels.get(place, dotted(place))

    def has_failed(self, place: Place) -> bool:
        """Whether some source said something there that was a fault."""
        return place in self._failed

    def _table(
        self, table: Table, source: Source, place: Place, inner: Callable[[Any], Shape | None]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in table.items():
            here = (*place, str(name))
            if (shape := inner(name)) is None:
                self.faults.append(self._unknown(here, source))
                continue
            value = self._value(value, shape, source, here)
            if isinstance(value, Unfit):
                self._failed.add(here)
                self.faults.append(f"{source.label(here)} {value}")
            else:
                self._labels[here] = source.label(here)
                values[name] = value
        return values

    def _value(self, value: Any, shape: Shape, source: Source, here: Place) -> Any:
        if source.is_text and isinstance(value, str):
            value = from_text(value, shape)
        value = shape.read(value)
        table = as_table(value)
        if shape.is_table and table is not None:
            return self._table(table, source, here, shape.inner)
        value = convert(value, shape)
        return source.directory / value if isinstance(value, Path) else value

    def _unknown(self, here: Place, source: Source) -> str:
        near = self._nearest(here)
        if near is not None:
            hint = f"did you mean {source.spell(near)}?"
        else:
            known = [source.spell(place) for place in self._places() if place[:-1] == here[:-1]]
            hint = f"known here are {', '.join(known)}." if known else "a name was expected."
        return f"{source.label(here)} is not a setting; {hint}"

    def _nearest(self, here: Place) -> Place | None:
        """The setting that was meant: of that name in another table, or of a similar one."""
        *tables, name = (part.lower() for part in here)
        for place in self._places():
            if place[-1] == name:
                return place
        spelt = {dotted(place): place for place in self._places()}
        # difflib rates two swapped letters of a short name as low as 0.4 (kfaka, kafka).
        near = difflib.get_close_matches(dotted((*tables, name)), spelt, 1, 0.4)
        return spelt[near[0]] if near else None

    def _places(self) -> Iterator[Place]:
        return _places(self._schema)


def _places(schema: Mapping[str, Shape], place: Place = ()) -> Iterator[Place]:
    for name, shape in schema.items():
        yield (*place, name)
        if is_dataclass(shape.plain):
            yield from _places(shape.members(), (*place, name))


def merge(values: dict[str, Any], others: Mapping[str, Any]) -> None:
    """Lay `others` over `values`, table by table."""
    for name, other in others.items():
        if isinstance(other, dict) and isinstance(values.get(name), dict):
            merge(values[name], other)  # pyright: ignore[reportUnknownArgumentType]
        else:
            values[name] = other


def dotted(place: Place) -> str:
    """A place as TOML writes it."""
    return ".".join(f'"{part}"' if "." in part or not part else part for part in place)
