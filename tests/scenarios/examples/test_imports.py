"""The example `imports`, with workers that are told to stop, and killed, in the middle."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

ROWS = 50_000


def test_an_import_that_is_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    directory = started_import(tmp_path)
    done = directory / "customers.done"

    with worker_in(directory):
        eventually(lambda: customers(directory) > 0)
    imported = customers(directory)
    assert 0 < imported < ROWS
    assert not done.exists()
    # Would the second run begin anew, they would be there again.
    delete_customers(directory)
    with worker_in(directory):
        eventually(done.exists, within=60)

    assert done.read_text() == f"{ROWS - imported} customers after 2 runs\n"


def test_an_import_whose_worker_is_killed_misses_no_row_and_has_none_twice(tmp_path: Path) -> None:
    directory = started_import(tmp_path)
    done = directory / "customers.done"

    with WorkerProcess(cwd=directory) as worker:
        eventually(lambda: customers(directory) > 0)
        worker.kill()
    assert not done.exists()
    with worker_in(directory):
        eventually(done.exists, within=60)

    assert customers(directory) == ROWS


def test_a_file_of_other_columns_is_not_imported(tmp_path: Path) -> None:
    directory = copy_example("imports", tmp_path)
    run_script(directory, "shop.py")
    (directory / "orders.csv").write_text("order,amount\n1,2\n")
    run_script(directory, "enqueue.py", "orders.csv")

    with worker_in(directory) as worker:
        worker.wait_for_output("WrongColumnsError")

    assert customers(directory) == 0


def started_import(tmp_path: Path) -> Path:
    directory = copy_example("imports", tmp_path)
    run_script(directory, "shop.py")
    rows = (f"{number}@example.com,Customer {number}\n" for number in range(ROWS))
    (directory / "customers.csv").write_text("email,name\n" + "".join(rows))
    run_script(directory, "enqueue.py", "customers.csv")
    return directory


def customers(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "shop.db", timeout=30)) as database:
        return database.execute("select count(*) from customers").fetchone()[0]


def delete_customers(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "shop.db", timeout=30)) as database, database:
        database.execute("delete from customers")
