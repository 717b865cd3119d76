"""Additions to a module that is there already: a class at its end, and the imports it needs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from itertools import takewhile
from pathlib import Path

from samovar.cli.scaffold.code import import_block
from samovar.cli.scaffold.fields import Import
from samovar.errors import ArgumentError


def parsed(path: Path) -> ast.Module:
    """The module's tree.

    Raises:
        ArgumentError: it is no valid Python.
    """
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise ArgumentError(f"{path} is no valid Python: {error}.") from None


def defines(path: Path, class_name: str) -> bool:
    """Whether the module defines a class of that name."""
    return _class(parsed(path), class_name) is not None


def imports(path: Path, name: str) -> bool:
    """Whether the module imports that name from anywhere."""
    return name in [alias.name for _, alias in _imported(parsed(path))]


def with_class(
    path: Path, class_name: str, text: str, needed: Sequence[Import], own: Collection[str]
) -> str:
    """The module's text with the class, in the place of one that has its name, or at the end."""
    tree = parsed(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    there = _class(tree, class_name)
    if there is None:
        lines = [*_without_blank_end(lines), "", "", *text.splitlines()]
    else:
        first = min([there.lineno, *(one.lineno for one in there.decorator_list)])
        lines[first - 1 : there.end_lineno] = text.splitlines()
    bound = {(node.module, alias.name) for node, alias in _imported(tree)}
    missing = [one for one in needed if one not in bound]
    if missing:
        lines = _with_imports(lines, tree, missing, own)
    return "\n".join(lines).lstrip("\n") + "\n"


def with_import(path: Path, line: str) -> str | None:
    """The text of a package's `__init__.py` with one more import; None if it holds more than
    imports, and so is best left to its owner.
    """
    if not path.exists():
        return f"{line}\n"
    tree = parsed(path)
    if not all(
        isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node) for node in tree.body
    ):
        return None
    lines = _without_blank_end(path.read_text(encoding="utf-8").splitlines())
    if line in lines:
        return "\n".join(lines) + "\n"
    if lines and isinstance(tree.body[-1], ast.Expr):
        lines.append("")
    place = len(lines)
    while place > 0 and lines[place - 1].startswith("from ") and lines[place - 1] > line:
        place -= 1
    return "\n".join([*lines[:place], line, *lines[place:]]) + "\n"


def _class(tree: ast.Module, name: str) -> ast.ClassDef | None:
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return found[-1] if found else None


def _imported(tree: ast.Module) -> list[tuple[ast.ImportFrom, ast.alias]]:
    return [
        (node, alias)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and not node.level
        for alias in node.names
        if alias.asname in (None, alias.name)
    ]


def _with_imports(
    lines: list[str], tree: ast.Module, missing: Sequence[Import], own: Collection[str]
) -> list[str]:
    """Put the imports in order if those that are there are so; else after them."""
    body = tree.body[1:] if tree.body and _is_text(tree.body[0]) else tree.body
    nodes = list(takewhile(lambda node: isinstance(node, ast.Import | ast.ImportFrom), body))
    docstring_end = 0 if body is tree.body else tree.body[0].end_lineno or 0
    start = nodes[0].lineno - 1 if nodes else docstring_end
    end = nodes[-1].end_lineno or start if nodes else docstring_end
    before, there, after = lines[:start], lines[start:end], lines[end:]
    known = _plain(nodes)
    if known is not None and there == import_block(known, own).splitlines():
        block = import_block([*known, *missing], own).splitlines()
    else:
        block = [*there, *import_block(missing, own).splitlines()]
    if not nodes:
        block = [*([""] if before else []), *block, *([""] if after and after[0] else [])]
    return [*before, *block, *after]


def _plain(nodes: Sequence[ast.stmt]) -> list[Import] | None:
    """What the statements import; None if they do more than that, such as renaming."""
    found: list[Import] = []
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if alias.asname is not None or (isinstance(node, ast.ImportFrom) and node.level):
                return None
            is_from = isinstance(node, ast.ImportFrom)
            found.append((node.module or "", alias.name) if is_from else (alias.name, ""))
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_blank_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
