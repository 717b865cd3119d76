"""Which files a new job needs, and what stands in them; nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from samovar.cli.scaffold import additions, code
from samovar.cli.scaffold.fields import Field, Import
from samovar.cli.scaffold.layout import Layout
from samovar.cli.scaffold.names import JobName
from samovar.errors import ArgumentError

_APPLICATION_JOB = "ApplicationJob"
_BASE: Import = ("samovar", "Job")
_CONFTEST = '"""Lets pytest import the modules that are beside this file."""\n'


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be written."""

    #: The module that the job is in.
    module: str
    #: Texts by file.
    texts: dict[Path, str] = field(default_factory=dict[Path, str])
    #: What would be replaced: files, or classes in files.
    replaced: list[str] = field(default_factory=list[str])
    #: Whether importing the home of the jobs imports the module too.
    is_reached: bool = True


def plan(layout: Layout, name: JobName, fields: Sequence[Field], *, queue: str) -> Plan:
    """The files of a job and of its test.

    Raises:
        ArgumentError: something stands in the way.
    """
    if layout.file is not None:
        made = Plan(module=layout.home)
        _add_to_module(made, layout, layout.file, name, fields, queue)
    else:
        made = Plan(module=".".join((layout.home, *name.folders, name.module)))
        _add_to_package(made, layout, name, fields, queue)
    test = code.test_module(name, fields, queue=queue, module=made.module, own=layout.own_modules)
    _put(made, layout.tests / f"test_{name.slug}.py", test)
    if not layout.is_importable() and layout.sources == layout.root:
        made.texts[layout.root / "conftest.py"] = _CONFTEST
    return made


def _put(made: Plan, path: Path, text: str) -> None:
    if path.exists():
        made.replaced.append(str(path))
    made.texts[path] = text


def _add_to_module(
    made: Plan, layout: Layout, file: Path, name: JobName, fields: Sequence[Field], queue: str
) -> None:
    has_base = additions.defines(file, _APPLICATION_JOB) or additions.imports(
        file, _APPLICATION_JOB
    )
    base = _APPLICATION_JOB if has_base else _BASE[1]
    needed = code.job_imports(fields, None if has_base else _BASE)
    text = code.job_class(name, fields, queue=queue, base=base)
    if additions.defines(file, name.class_name):
        made.replaced.append(f"{name.class_name} in {file}")
    made.texts[file] = additions.with_class(file, name.class_name, text, needed, layout.own_modules)


def _add_to_package(
    made: Plan, layout: Layout, name: JobName, fields: Sequence[Field], queue: str
) -> None:
    base = _base_in(layout)
    text = code.job_module(
        code.job_imports(fields, base),
        code.job_class(name, fields, queue=queue, base=base[1]),
        own=layout.own_modules,
    )
    above = layout.home.split(".")[:-1]
    for depth in range(1, len(above) + 1):
        _make_package(made, layout.sources.joinpath(*above[:depth]), None)
    folder, dotted = layout.folder, layout.home
    for child in name.folders:
        _make_package(made, folder, f"from {dotted} import {child} as {child}")
        folder, dotted = folder / child, f"{dotted}.{child}"
    own_name = name.class_name
    _make_package(made, folder, f"from {made.module} import {own_name} as {own_name}")
    _put(made, folder / f"{name.module}.py", text)


def _make_package(made: Plan, folder: Path, line: str | None) -> None:
    """See that a package is there, and that it imports what the line says."""
    if folder.with_suffix(".py").exists():
        raise ArgumentError(f"{folder.with_suffix('.py')} stands in the way of a package there.")
    init = folder / "__init__.py"
    if folder.is_dir() and not init.exists():  # it does without, and so imports nothing
        made.is_reached = made.is_reached and line is None
        return
    text = additions.with_import(init, line) if line else None
    if text is not None:
        made.texts[init] = text
    elif not init.exists():
        made.texts[init] = ""
    elif line:
        made.is_reached = False


def _base_in(layout: Layout) -> Import:
    """The project's own base class, if its jobs have one."""
    for path in sorted(layout.folder.glob("*.py")):
        if re.search(rf"^class {_APPLICATION_JOB}\b", path.read_text("utf-8"), re.MULTILINE):
            is_package = path.stem == "__init__"
            return (layout.home if is_package else f"{layout.home}.{path.stem}", _APPLICATION_JOB)
    return _BASE
