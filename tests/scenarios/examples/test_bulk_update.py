"""The example `bulk_update`, with a real database and a worker that is killed half way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess


def test_all_prices_are_raised_once_whatever_is_killed(tmp_path: Path) -> None:
    directory = copy_example("bulk_update", tmp_path)
    run_script(directory, "shop.py", "100000")
    assert run_script(directory, "enqueue.py") == "enqueued 200\n"

    with WorkerProcess(cwd=directory) as worker:
        eventually(lambda: count(directory, "select count(*) from finished_jobs") > 0)
        worker.kill()
    assert 0 < count(directory, "select count(*) from finished_jobs") < 200
    with worker_in(directory):
        eventually(lambda: count(directory, "select count(*) from finished_jobs") == 200)

    assert count(directory, "select count(*) from products where price_cents = 1100") == 100_000


def count(directory: Path, query: str) -> int:
    with closing(sqlite3.connect(directory / "shop.db", timeout=30)) as database:
        return database.execute(query).fetchone()[0]
