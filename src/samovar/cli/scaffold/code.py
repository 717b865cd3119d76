"""The text of what is generated, laid out as formatters leave it."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from samovar.cli.scaffold.fields import Field, Import
from samovar.cli.scaffold.names import JobName

#: The width that formatters have when nobody chose another.
WIDTH = 88


def job_class(name: JobName, fields: Sequence[Field], *, queue: str, base: str) -> str:
    """The class, without imports."""
    lines = [f"class {name.class_name}({base}):"]
    if name.on_the_wire != name.class_name:
        lines.append(f"    job_name = {_quoted(name.on_the_wire)}")
    parameters = ["self", *(f"{field.name}: {field.kind.annotation}" for field in fields)]
    return "\n".join(
        [
            *lines,
            f"    queue_as = {_quoted(queue)}",
            "",
            _fitted("    ", "def perform(", parameters, ") -> None:"),
            '        """Write here what the job does."""',
            "",
        ]
    )


def job_imports(fields: Sequence[Field], base: Import | None) -> list[Import]:
    """What the class needs; no base is one that is at hand."""
    needed = {one for field in fields for one in field.kind.imports}
    return sorted(needed | ({base} if base else set()))


def job_module(imports: Sequence[Import], class_text: str, *, own: Collection[str]) -> str:
    """A module with one job; `own` are the project's own top-level modules."""
    return f"{import_block(imports, own)}\n\n{class_text}"


def test_module(
    name: JobName, fields: Sequence[Field], *, queue: str, module: str, own: Collection[str]
) -> str:
    """The tests of a job."""
    needed = {("samovar.testing", "JobAssertions"), (module, name.class_name)}
    needed |= {one for field in fields for one in field.kind.sample_imports}
    samples = [field.kind.sample for field in fields]
    expected = [
        f"job={name.class_name}",
        _fitted(" " * 8, "args=[", samples, "]", room=1).lstrip(),
        f"queue={_quoted(queue)}",
    ]
    return "\n".join(
        [
            import_block(needed, own),
            "",
            f"def test_{name.slug}_is_enqueued(jobs: JobAssertions) -> None:",
            _fitted("    ", "with jobs.assert_enqueued_with(", expected, "):"),
            _fitted("        ", f"{name.class_name}.perform_later(", samples, ")"),
            "",
            "",
            f"def test_{name.slug}_is_performed(jobs: JobAssertions) -> None:",
            _fitted("    ", f"{name.class_name}.perform_later(", samples, ")"),
            "",
            f"    assert jobs.perform_enqueued_jobs(only={name.class_name}) == 1",
            "",
        ]
    )


def import_block(imports: Iterable[Import], own: Collection[str]) -> str:
    """Import statements, as isort orders them; a name of "" imports the module itself."""
    ordered = sorted(set(imports), key=lambda one: (_group(one[0], own), bool(one[1]), one))
    blocks: list[str] = []
    for _, group in groupby(ordered, key=lambda one: _group(one[0], own)):
        lines = [
            _statement(module, [name for _, name in named])
            for module, named in groupby(group, key=lambda one: one[0])
        ]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _statement(module: str, names: Sequence[str]) -> str:
    if names == [""]:
        return f"import {module}"
    return _fitted("", f"from {module} import ", names, "", is_import=True)


def _group(module: str, own: Collection[str]) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    if top in own:
        return 3
    return 1 if top in sys.stdlib_module_names else 2


def _fitted(
    indent: str,
    opening: str,
    parts: Sequence[str],
    closing: str,
    *,
    room: int = 0,
    is_import: bool = False,
) -> str:
    """One line if it fits, and leaves `room`; else a line for each part."""
    line = f"{indent}{opening}{', '.join(parts)}{closing}"
    if "\n" not in line and len(line) + room <= WIDTH:
        return line
    bracket, end = ("(", ")") if is_import else ("", closing)
    inner = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{indent}{opening}{bracket}\n{inner}{indent}{end}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
