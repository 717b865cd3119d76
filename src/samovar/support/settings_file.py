"""Finds the settings file, and says in a sentence what keeps it from being read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from samovar.support.conversion import Table, as_table
from samovar.support.reading import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A settings file."""

    path: Path
    #: The tables that its sections stand in.
    place: Place
    #: What it says, by section; None when it could not be read, which is a fault already.
    sections: Table | None


def find_file(directory: Path, faults: list[str]) -> SettingsFile | None:
    """The nearest settings file, from the directory upwards."""
    for folder in (directory, *directory.parents):
        for name in ("samovar.toml", "pyproject.toml"):
            document = open_file(folder / name, faults, is_asked_for=False)
            if document is not None:
                return document
    return None


def open_file(path: Path, faults: list[str], *, is_asked_for: bool = True) -> SettingsFile | None:
    """The file's settings; None if nobody asked for it and it has nothing to say."""
    is_shared = path.name == "pyproject.toml"
    place: Place = ("tool", "samovar") if is_shared else ()
    try:
        raw = path.read_bytes()
    except OSError as error:
        if not is_asked_for and (is_shared or not _is_there(path)):
            return None
        faults.append(f"{path} cannot be read: {error.strerror}.")
        return SettingsFile(path=path, place=place, sections=None)
    said = _parse(raw)
    sections = said if isinstance(said, str) or not is_shared else _tool_table(said)
    if not isinstance(sections, str):
        return SettingsFile(path=path, place=place, sections=sections)
    is_ours = sections != _NO_TABLE and b"samovar" in raw
    if is_shared and not is_asked_for and not is_ours:
        return None  # somebody else's file, whatever is wrong with it
    faults.append(f"{path} {sections}")
    return SettingsFile(path=path, place=place, sections=None)


_NO_TABLE = "has no table [tool.samovar]."


def _tool_table(document: Table) -> Table | str:
    tool = as_table(document.get("tool")) or {}
    if "samovar" not in tool:
        return _NO_TABLE
    table = as_table(tool["samovar"])
    return "says something else than a table under tool.samovar." if table is None else table


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:  # not there, or in a directory that is closed to us
        return False
    return True


def _parse(raw: bytes) -> Table | str:
    """What the file says, or what is wrong with it."""
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"is not UTF-8, as TOML has to be: the first wrong byte is in line {line}."
    except (ValueError, RecursionError) as error:
        return f"is not valid TOML: {error}."
