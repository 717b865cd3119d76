"""An example of `examples/`, copied to a directory of the test's own and run there."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.worker_process import WorkerProcess

EXAMPLES = Path(__file__).parents[3] / "examples"


def copy_example(name: str, to: Path) -> Path:
    """The copy's directory."""
    return shutil.copytree(
        EXAMPLES / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "*.db*")
    )


def run_script(directory: Path, script: str, *arguments: str) -> str:
    """Runs `python <script> <arguments>` there, and returns what it printed."""
    run = subprocess.run(
        [sys.executable, script, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@contextmanager
def worker_in(directory: Path, *arguments: str, **env: str) -> Generator[WorkerProcess, None, None]:
    """A worker for the block, which must then end in order."""
    with WorkerProcess(*arguments, cwd=directory, env=env) as worker:
        yield worker
        worker.wait_for_output("The worker has started")
        worker.signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
