"""Where this process was when its first job class was loaded.

Settings are looked for from there, wherever the process goes later: a `chdir` before the first
enqueue does not send its jobs to another log.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The directories that settings are looked for from, upwards."""

    #: The working directory.
    directory: Path
    #: Where the module lies that defines the first job class; None for one without a file.
    module: Path | None = None

    @property
    def starts(self) -> tuple[Path, ...]:
        """The directories, in the order in which they are looked at."""
        return (self.directory,) if self.module is None else (self.directory, self.module)


_home: Home | None = None


def settle(module: str) -> None:
    """Remember where we are. Called for each job class, with its module; the first call counts."""
    global _home
    if _home is None:
        file = module_file(module)
        folder = None if file is None else file.parent
        _home = Home(directory=_working_directory() or folder or Path("/"), module=folder)


def home() -> Home:
    """Where this process was when its first job class was loaded; where it is, before that."""
    return _home or Home(directory=_working_directory() or Path("/"))


def module_file(name: str) -> Path | None:
    """The file that a module was loaded from; None when it has none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).absolute() if isinstance(file, str) else None


def users_log(variables: Mapping[str, str]) -> Path | None:
    """The log that a user's processes share when no settings file says where theirs is; None for
    a user without a home.
    """
    state = variables.get("XDG_STATE_HOME", "")
    try:
        base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    return base / "samovar" / "samovar.db"


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return None
