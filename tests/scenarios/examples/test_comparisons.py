"""The pages "Coming from ...": each line that is said to be Samovar's is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("page", "at_least"), [("rails", 80), ("celery", 25)])
def test_every_samovar_line_of_the_comparison_runs(page: str, at_least: int) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.scenarios.examples.comparison",
            f"docs/explanation/coming-from-{page}.md",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert int(run.stdout.splitlines()[-1].split()[0]) >= at_least
