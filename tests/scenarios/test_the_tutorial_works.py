"""The tutorial's files and commands, run as they stand there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial" / "getting-started.md").read_text()
FILES = dict(re.findall(r"```\w+ title=\"([^\"]+)\"\n(.*?)```", TUTORIAL, re.DOTALL))
COMMANDS = "".join(re.findall(r"```sh\n(.*?)```", TUTORIAL, re.DOTALL)).splitlines()


def test_the_tutorial_from_the_first_job_to_its_tests(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    report = tmp_path / "report.txt"

    def counted() -> list[str]:
        lines = report.read_text().splitlines() if report.exists() else []
        return sorted(line.split()[0] for line in lines)

    assert run("python enqueue.py", tmp_path).startswith("enqueued ")
    assert "samovar worker" in COMMANDS
    with WorkerProcess(cwd=tmp_path) as worker:
        eventually(lambda: counted() == ["enqueue.py", "jobs.py", "samovar.toml"])
        worker.wait_for_output("FileNotFoundError")
        run('echo "better late than never" > late.txt', tmp_path)
        eventually(lambda: counted() == ["enqueue.py", "jobs.py", "late.txt", "samovar.toml"])
        worker.signal(signal.SIGINT)
        assert worker.wait(timeout=30) == 0

    enqueued_at = time.monotonic()
    run("python later.py", tmp_path)
    with WorkerProcess(cwd=tmp_path):
        eventually(lambda: "later.py" in counted())
        assert time.monotonic() - enqueued_at > 5

    assert "2 passed" in run("pytest", tmp_path)


def run(command: str, directory: Path) -> str:
    """Runs a command that the tutorial names, and returns what it printed."""
    assert command in COMMANDS
    search_path = f"PATH={Path(sys.executable).parent}:$PATH"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{search_path}; {command}"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
