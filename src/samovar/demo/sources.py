"""The real input: the Python source files of this interpreter and of its installed packages."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PACKAGE_DIRECTORIES = {"site-packages", "dist-packages"}


class Source(NamedTuple):
    """One source file."""

    module: str
    path: Path


def find_sources(limit: int) -> list[Source]:
    """Up to `limit` files: the standard library's, then the installed packages', each sorted."""
    paths = sysconfig.get_paths()
    library = _below(Path(paths["stdlib"]), skip=_PACKAGE_DIRECTORIES)
    installed = {s for name in ("purelib", "platlib") for s in _below(Path(paths[name]))}
    return [*sorted(library), *sorted(installed)][:limit]


def _below(root: Path, skip: set[str] | None = None) -> Iterator[Source]:
    for path in root.rglob("*.py"):
        inner = path.relative_to(root)
        if not (skip and skip.intersection(inner.parts)) and path.is_file():
            parts = inner.with_suffix("").parts
            yield Source(".".join(parts).removesuffix(".__init__"), path)
