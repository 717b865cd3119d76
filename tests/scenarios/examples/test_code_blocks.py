"""The code in the documentation runs: programs, settings and commands, as they stand there.

A how-to shows an example's files by a snippet; those are run by that example's own test.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from samovar.settings import load
from tests.scenarios.examples.comparison import run_as_command

DOCS = Path(__file__).parents[3] / "docs"
#: Pages with a test of their own, which runs the blocks together.
RUN_ELSEWHERE = {"tutorial/getting-started.md", "howto/test-jobs.md"}
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page} {self.title or self.text.splitlines()[0]}"


def blocks(language: str) -> list[Block]:
    found = [
        Block(page.relative_to(DOCS).as_posix(), *match)
        for page in sorted(DOCS.rglob("*.md"))
        for match in FENCE.findall(page.read_text())
    ]
    return [
        block
        for block in found
        if block.language == language
        and block.page not in RUN_ELSEWHERE
        and "--8<--" not in block.text
    ]


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_program_runs(block: Block, tmp_path: Path) -> None:
    (tmp_path / "block.py").write_text(block.text)

    run = subprocess.run(
        [sys.executable, "block.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_settings_are_accepted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "samovar.toml"
    file.write_text(block.text)
    sections = set(re.findall(r"^\[(\w+)\]", block.text, re.MULTILINE))

    for environment in sections - {"default"} or {"development"}:
        load(file=file, environment=environment, environ={})


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_commands_are_understood(block: Block) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words[:1] == ["samovar"]:
            run_as_command(shlex.join(words))
