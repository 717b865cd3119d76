"""The tutorial's files and commands, run as they stand there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "getting-started.md"


def test_the_tutorial_ends_with_three_counted_files_and_one_discarded(tmp_path: Path) -> None:
    for name, text in re.findall(
        r"```\w+ title=\"([^\"]+)\"\n(.*?)```", TUTORIAL.read_text(), re.DOTALL
    ):
        (tmp_path / name).write_text(text)

    enqueued = subprocess.run(
        [sys.executable, "enqueue.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert enqueued.stdout.startswith("enqueued ")
    report = tmp_path / "report.txt"
    with WorkerProcess(cwd=tmp_path) as worker:
        worker.wait_for_output("was discarded after FileNotFoundError")
        eventually(lambda: report.exists() and len(report.read_text().splitlines()) == 3)
        worker.signal(signal.SIGINT)
        assert worker.wait(timeout=30) == 0

    assert {line.split()[0] for line in report.read_text().splitlines()} == {
        "jobs.py",
        "samovar.toml",
        "enqueue.py",
    }
