"""Where a project keeps its jobs and its tests, and what workers import."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from samovar.errors import ArgumentError

_MARKERS = ("samovar.toml", "pyproject.toml", "setup.py", ".git")
_NO_CODE = {"tests", "test", "docs", "examples", "scripts", "benchmarks", "build", "dist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The directories of a project."""

    #: Where its settings and its tests are.
    root: Path
    #: What its modules are imported from: the root, or `src` in it.
    sources: Path
    #: The home of jobs by its dotted name: shop.jobs.
    home: str

    @property
    def own(self) -> str:
        """The top-level package or module that jobs are in."""
        return self.home.partition(".")[0]

    @property
    def own_modules(self) -> set[str]:
        """Everything of the project that can be imported."""
        return {self.own} | {path.stem for path in self.sources.iterdir() if _is_module(path)}

    @property
    def folder(self) -> Path:
        """The home as a package."""
        return self.sources.joinpath(*self.home.split("."))

    @property
    def file(self) -> Path | None:
        """The home as one module; None if it is a package, or is yet to be made."""
        file = self.folder.with_suffix(".py")
        return file if file.is_file() and not self.folder.is_dir() else None

    @property
    def tests(self) -> Path:
        """Where tests go."""
        found = [self.root / name for name in ("tests", "test") if (self.root / name).is_dir()]
        return found[0] if found else self.root / "tests"

    def is_importable(self) -> bool:
        """Whether tests can import the project's modules: it is installed, or on pytest's path."""
        elsewhere = sys.path[1:]  # the first may be the working directory, for this command only
        return (
            PathFinder.find_spec(self.own, elsewhere) is not None
            or (self.root / "conftest.py").exists()
            or (self.tests / "__init__.py").exists()
            or re.search(r"^\s*pythonpath\s*=", _configuration(self.root), re.MULTILINE) is not None
        )


def find_layout(
    directory: Path, *, chosen: Path | None, app: str | None, imports: Sequence[str]
) -> Layout:
    """The layout of the project that a directory is in.

    Args:
        directory: Where the command is run.
        chosen: Where jobs are to go, if the user said so.
        app: The setting of that name.
        imports: The setting of that name.

    Raises:
        ArgumentError: it is not clear where jobs go.
    """
    root = _root_of(directory)
    if chosen is not None:
        return _layout_of(root, (directory / chosen).resolve())
    sources = root / "src" if _packages(root / "src") else root
    named = _named_by(sources, imports)
    if named is None and app is not None:
        named = ".".join([*app.partition(":")[0].split(".")[:-1], "jobs"])
    return Layout(root=root, sources=sources, home=named or _found_in(sources))


def _root_of(directory: Path) -> Path:
    for folder in (directory, *directory.parents):
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    return directory


def _layout_of(root: Path, folder: Path) -> Layout:
    sources = root / "src" if folder.is_relative_to(root / "src") else root
    if not folder.is_relative_to(sources) or folder == sources:
        raise ArgumentError(f"--dir {folder} is no directory below {sources}.")
    parts = folder.relative_to(sources).parts
    if odd := [part for part in parts if not part.isidentifier()]:
        raise ArgumentError(f"--dir {folder}: nothing can be imported from {odd[0]!r}.")
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"--dir {folder} is no directory.")
    return Layout(root=root, sources=sources, home=".".join(parts))


def _named_by(sources: Path, imports: Sequence[str]) -> str | None:
    """The first import that is a home of jobs; of a single job's module, the package it is in."""
    homes = [
        name.rpartition(".")[0] if re.search(r"\.\w+_job$", name) else name for name in imports
    ]
    for home in (*(home for home in homes if home.endswith("jobs")), *homes):
        if sources.joinpath(home.partition(".")[0]).is_dir() or "." not in home:
            return home
    return None


def _found_in(sources: Path) -> str:
    packages = _packages(sources)
    with_jobs = [f"{name}.jobs" for name in packages if _has_jobs(sources / name)]
    if _has_jobs(sources):
        return "jobs"
    if len(with_jobs) == 1:
        return with_jobs[0]
    if not packages:
        return "jobs"
    if len(packages) == 1 and not with_jobs:
        return f"{packages[0]}.jobs"
    raise ArgumentError(
        f"There are several packages in {sources}: {', '.join(packages)}. "
        f"Say where the job goes: --dir {sources / packages[0] / 'jobs'}."
    )


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and path.name.isidentifier())


def _has_jobs(folder: Path) -> bool:
    return (folder / "jobs").is_dir() or (folder / "jobs.py").is_file()


def _packages(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if (path / "__init__.py").is_file() and path.name not in _NO_CODE
    )


def _configuration(root: Path) -> str:
    """The file with pytest's settings here."""
    texts: list[str] = []
    for name in ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg"):
        if (root / name).is_file():
            texts.append((root / name).read_text(encoding="utf-8"))
    return "\n".join(texts)
