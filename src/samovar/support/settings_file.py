"""Finds the settings file, and says in a sentence what keeps it from being read."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from samovar.support.conversion import Table, as_table
from samovar.support.reading import Place
from samovar.support.trust import distrust

#: A file of another user is read this far, to see whether it has settings of ours.
_FOREIGN_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A settings file."""

    path: Path
    #: The tables that its sections stand in.
    place: Place
    #: What it says, by section; None when it could not be read, which is a fault already.
    sections: Table | None


def find_file(starts: Iterable[Path], faults: list[str]) -> SettingsFile | None:
    """The nearest settings file, from the first of these directories upwards that has one."""
    for start in starts:
        for folder in (start, *start.parents):
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
        raw, reason = _read(path, is_asked_for=is_asked_for)
    except OSError as error:
        if not is_asked_for and (is_shared or not _is_there(path)):
            return None
        faults.append(f"{path} cannot be read: {error.strerror}.")
        return SettingsFile(path=path, place=place, sections=None)
    said = _parse(raw)
    sections = said if isinstance(said, str) or not is_shared else _tool_table(said)
    if reason is not None:
        if is_shared and isinstance(sections, str):
            return None
        faults.append(_distrusted(path, reason))
        return SettingsFile(path=path, place=place, sections=None)
    if not isinstance(sections, str):
        return SettingsFile(path=path, place=place, sections=sections)
    is_ours = sections != _NO_TABLE and b"samovar" in raw
    if is_shared and not is_asked_for and not is_ours:
        return None  # somebody else's file, whatever is wrong with it
    faults.append(f"{path} {sections}")
    return SettingsFile(path=path, place=place, sections=None)


def _read(path: Path, *, is_asked_for: bool) -> tuple[bytes, str | None]:
    """What is in the file, and why it must not count if nobody asked for it."""
    if is_asked_for:
        return path.read_bytes(), None
    with open(path, "rb", opener=_open_at_once) as file:
        status = os.fstat(file.fileno())
        reason = distrust(path, status)
        if not stat.S_ISREG(status.st_mode):
            return b"", reason or "is no ordinary file"
        return file.read(-1 if reason is None else _FOREIGN_BYTES), reason


def _open_at_once(path: str, flags: int) -> int:
    """A named pipe that somebody put there would hold us up for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _distrusted(path: Path, reason: str) -> str:
    return (
        f"{path} {reason}, and nobody named it: a settings file that is only found counts if it "
        f"belongs to this user or to root and no others can write it. Change that, or name "
        f"the file: SAMOVAR_CONFIG={path}, or the option -C."
    )


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
