"""The example `with_django`."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.scenarios.examples.tables import column
from tests.support.eventually import eventually


def test_an_order_of_a_django_model_is_shipped(tmp_path: Path) -> None:
    directory = copy_example("with_django", tmp_path)
    run_script(directory, "manage.py", "migrate", "--run-syncdb")
    run_script(directory, "manage.py", "place_order")

    with worker_in(directory):
        eventually(lambda: column(directory / "shop.db", "orders_order", "state") == ["shipped"])
