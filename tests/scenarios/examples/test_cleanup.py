"""The example `cleanup`, with real files that grow old."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually

DAY = 86_400


def make_file(path: Path, *, age_seconds: float = 0) -> Path:
    path.write_text("uploaded")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def test_a_cleanup_that_cron_enqueues_deletes_what_is_old_and_nothing_else(tmp_path: Path) -> None:
    directory = copy_example("cleanup", tmp_path)
    uploads = directory / "uploads"
    uploads.mkdir()
    old = make_file(uploads / "old", age_seconds=DAY + 60)
    young = make_file(uploads / "young", age_seconds=DAY - 600)
    run_script(directory, "enqueue.py")

    with worker_in(directory):
        eventually(lambda: not old.exists())

    assert young.exists()


def test_a_regular_cleanup_runs_at_every_tick_once_however_often_it_was_started(
    tmp_path: Path,
) -> None:
    directory = copy_example("cleanup", tmp_path)
    uploads = directory / "uploads"
    uploads.mkdir()
    # Tomorrow's file is never old; the first one is at once, the second one after a tick or so.
    make_file(uploads / "young", age_seconds=-DAY)
    make_file(uploads / "old", age_seconds=DAY)
    make_file(uploads / "becomes old")
    run_script(directory, "start.py", "1")
    run_script(directory, "start.py", "1")

    with worker_in(directory, "-v") as worker:
        eventually(lambda: [path.name for path in uploads.iterdir()] == ["young"])
        eventually(lambda: len(ticks(directory)) >= 4)

    # Two chains began; where they met, one of them ended.
    cleaned_up = re.findall(r"DeleteOldFilesJob \S+ performed", worker.output)
    asked = re.findall(r"RegularCleanupJob \S+ performed", worker.output)
    claimed = ticks(directory)
    assert len(cleaned_up) == len(claimed)
    assert len(asked) == len(claimed) + 1


def ticks(directory: Path) -> list[str]:
    """The times that some job claimed."""
    if not (directory / "ticks.db").exists():
        return []
    with closing(sqlite3.connect(directory / "ticks.db", timeout=30)) as database:
        return [tick for (tick,) in database.execute("select tick from ticks")]
