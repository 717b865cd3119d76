"""`samovar worker --reload`: the worker starts anew when code changes, also after an error."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

JOBS = """
from pathlib import Path
from samovar import Job

class SayJob(Job):
    def perform(self):
        with Path("said.txt").open("a") as file:
            file.write("{word}\\n")
"""


def test_a_worker_performs_with_the_code_that_is_there_now(tmp_path: Path) -> None:
    jobs, said = tmp_path / "jobs.py", tmp_path / "said.txt"
    (tmp_path / "samovar.toml").write_text('[default]\nimports = ["jobs"]\n')
    jobs.write_text(JOBS.format(word="one"))

    def enqueue() -> None:
        script = "from jobs import SayJob; SayJob.perform_later()"
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)

    def words() -> list[str]:
        return said.read_text().split() if said.exists() else []

    with WorkerProcess("--reload", cwd=tmp_path) as worker:
        enqueue()
        eventually(lambda: words() == ["one"], within=60)
        jobs.write_text("class SayJob(:\n")
        worker.wait_for_output("SyntaxError", within=60)
        jobs.write_text(JOBS.format(word="two"))
        eventually(lambda: worker.output.count("The worker has started") == 2, within=60)
        enqueue()
        eventually(lambda: words() == ["one", "two"], within=60)
        worker.signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
