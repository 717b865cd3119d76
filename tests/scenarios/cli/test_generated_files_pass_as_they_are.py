"""What `samovar generate job` writes passes its own tests, linters and type checkers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TYPES = "int str float boolean decimal date datetime duration array hash symbol range any"


@pytest.mark.parametrize("home", ["jobs/__init__.py", "jobs.py"])
def test_generated_files_pass_as_they_are(tmp_path: Path, home: str) -> None:
    (tmp_path / "samovar.toml").write_text('[default]\nimports = ["jobs"]\n')
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    (tmp_path / home).parent.mkdir(exist_ok=True)
    (tmp_path / home).write_text("")

    parameters = [f"a_{word}:{word}" for word in TYPES.split()]
    succeed(tmp_path, "samovar", "generate", "job", "ProcessPayment", "order_id:int", "method:str")
    succeed(tmp_path, "samovar", "generate", "job", "Billing::Everything", *parameters)
    succeed(tmp_path, "samovar", "generate", "job", "nothing", "--queue", "low")

    assert "6 passed" in succeed(tmp_path, "pytest", "-q", "-p", "no:cacheprovider")
    succeed(tmp_path, "ruff", "check", "--isolated", "--no-cache", ".")
    succeed(tmp_path, "ruff", "check", "--select", "I", "--isolated", "--no-cache", ".")
    succeed(tmp_path, "ruff", "format", "--check", "--isolated", "--no-cache", ".")
    succeed(tmp_path, "pyright", "--pythonpath", sys.executable)


def succeed(directory: Path, program: str, *arguments: str) -> str:
    """Run a program of the environment; what it said."""
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{program} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout
