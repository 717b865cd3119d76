"""Everything public is in the reference."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import samovar
import samovar.contrib.sqlalchemy
import samovar.testing

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
#: Told as prose, since they are values.
PROSE = re.compile(r"`(\w+)`")


@pytest.mark.parametrize(
    "module", [samovar, samovar.types, samovar.testing, samovar.contrib.sqlalchemy]
)
def test_every_public_name_of_the_module_is_in_the_reference(module: ModuleType) -> None:
    pages = "\n".join(page.read_text() for page in REFERENCE.glob("*.md"))
    prefix = re.escape(module.__name__)
    told = set(re.findall(rf"^::: {prefix}\.(\w+)$", pages, re.MULTILINE))
    told |= set(PROSE.findall(pages))
    told |= set(re.findall(r"^class (\w+)", errors_page(), re.MULTILINE))
    told |= {"job", "types", "payload"}  # headings of their own

    assert sorted(set(module.__all__) - told) == []


def errors_page() -> str:
    """The page of errors is the module, whole."""
    return Path(samovar.__file__).with_name("errors.py").read_text()
