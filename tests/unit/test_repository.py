"""What the repository promises about itself, where no other tool checks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCES = sorted((REPOSITORY / "src" / "samovar").rglob("*.py"))
NAMELESS = {"utils", "helpers", "common", "misc", "manager"}
#: Pages for maintainers: they name files, from the repository's top or below `src/samovar`.
MAPS = [
    REPOSITORY / "ARCHITECTURE.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "docs" / "internals.md",
    *sorted((REPOSITORY / "docs" / "maintainers").glob("*.md")),
    *sorted((REPOSITORY / "docs" / "decisions").glob("0*.md")),
]
#: Made by commands.
GENERATED = {"dist/", "site/"}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in SOURCES if path.stem in NAMELESS] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_imports_stand_at_the_top(path: Path) -> None:
    """Only `backends.py` and the commands, which load on first use, import inside functions."""
    if path.name == "backends.py" or path.parent.name == "cli":
        return

    assert list(imports_inside_functions(path)) == []


def test_every_word_of_make_is_explained() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    contributing = (REPOSITORY / "CONTRIBUTING.md").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert phony
    for word in phony[1].split():
        assert re.search(rf"^{word}:.*## ", makefile, re.MULTILINE), (
            f"make help is silent on {word}"
        )
        assert f"make {word}" in contributing, f"CONTRIBUTING.md is silent on make {word}"


@pytest.mark.parametrize("page", MAPS, ids=lambda page: page.name)
def test_the_files_that_a_page_names_exist(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]+(?:\.py|/))`", page.read_text())) - GENERATED
    places = REPOSITORY, REPOSITORY / "src" / "samovar"

    assert [path for path in sorted(named) if not any((p / path).exists() for p in places)] == []


def test_the_tests_that_the_page_of_traps_names_exist() -> None:
    page = (REPOSITORY / "docs" / "explanation" / "kafka.md").read_text()
    named = set(re.findall(r"`([\w/]+/test_\w+)`", page))
    places = REPOSITORY / "tests", REPOSITORY / "tests" / "scenarios"

    assert named
    assert [t for t in sorted(named) if not any((p / f"{t}.py").exists() for p in places)] == []


def imports_inside_functions(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{path.name}:{node.lineno}"
