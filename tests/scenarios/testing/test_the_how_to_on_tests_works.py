"""The how-to's files, run as they stand there: the helpers need no set-up in another project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[3] / "docs" / "howto" / "test-jobs.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = re.findall(r"```\w+ title=\"([^\"]+)\"\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    for name, text in files:
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("runner", "summary"),
    [
        (["pytest", "-W", "error", "-p", "no:cacheprovider"], r"8 passed"),
        (["unittest", "-v", "test_shop_with_unittest"], r"Ran 1 test.*\n+OK"),
    ],
)
def test_the_how_tos_tests_pass(project: Path, runner: list[str], summary: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *runner], cwd=project, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(summary, ended.stdout + ended.stderr)
    assert not list(project.glob("*.db"))
