"""The example `with_sqlalchemy`."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.scenarios.examples.tables import column
from tests.support.eventually import eventually


def test_an_order_is_shipped_once_it_is_there_and_one_that_is_rolled_back_never(
    tmp_path: Path,
) -> None:
    directory = copy_example("with_sqlalchemy", tmp_path)
    run_script(directory, "orders.py")
    run_script(directory, "enqueue.py")

    with worker_in(directory, "-v") as worker:
        eventually(lambda: column(directory / "shop.db", "orders", "state") == ["shipped"])

    assert worker.output.count("is being performed") == 1
