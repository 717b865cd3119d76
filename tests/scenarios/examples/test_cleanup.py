"""The example `cleanup`, with real files that grow old."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.scenarios.examples.running import copy_example, worker_in
from tests.support.eventually import eventually

DAY = 86_400


def make_file(path: Path, *, age_seconds: float) -> Path:
    path.write_text("uploaded")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def samovar(directory: Path, *words: str) -> str:
    command = [sys.executable, "-m", "samovar", *words]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_recurring_cleanup_deletes_what_is_old_and_nothing_else(tmp_path: Path) -> None:
    directory = copy_example("cleanup", tmp_path)
    uploads = directory / "uploads"
    uploads.mkdir()
    old = make_file(uploads / "old", age_seconds=DAY + 60)
    young = make_file(uploads / "young", age_seconds=DAY - 600)

    with worker_in(directory):
        listed = samovar(directory, "recurring", "list")
        assert re.search(r"nightly-cleanup: DeleteOldFilesJob, 0 2 .*Berlin.*next 2\d{3}-", listed)
        samovar(directory, "recurring", "run", "nightly-cleanup")
        eventually(lambda: not old.exists())

    assert young.exists()
