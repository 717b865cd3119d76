"""A Django project enqueues in a transaction; a worker loads its records and ships them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

PROJECT = Path(__file__).parent / "django_orders"
SETTINGS = """
[default]
app = "project.samovar:app"
global_id_app = "shop"
enqueue_after_transaction_commit = true
"""


def states(database: Path) -> Counter[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select state from orders_scenarioorder")
        return Counter(state for (state,) in rows)


def test_a_django_project_is_served_by_a_worker(tmp_path: Path) -> None:
    (tmp_path / "samovar.toml").write_text(SETTINGS)
    env = {"PYTHONPATH": str(PROJECT)}
    subprocess.run(
        [sys.executable, str(PROJECT / "enqueue.py")],
        cwd=tmp_path,
        env=os.environ | env,
        check=True,
        timeout=60,
    )
    assert states(tmp_path / "orders.db") == {"new": 20}

    with WorkerProcess("-c", "4", cwd=tmp_path, env=env) as worker:
        eventually(lambda: states(tmp_path / "orders.db")["new"] == 0)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert states(tmp_path / "orders.db") == {"shipped, de": 10, "sailed, de": 10}
    assert "never there" not in worker.output
