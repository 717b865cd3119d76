"""The example `report`."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually


def test_the_report_has_the_months_orders_a_line_a_customer(tmp_path: Path) -> None:
    directory = copy_example("report", tmp_path)
    run_script(directory, "shop.py")
    run_script(directory, "enqueue.py", "2026-10")
    report = directory / "reports" / "2026-10.csv"

    with worker_in(directory):
        eventually(report.exists)

    # October is the days 30 to 60 since September began; day N costs 10 dollars and N cents.
    assert report.read_text().splitlines() == [
        "customer,orders,total",
        f"Ada,11,{sum(1000 + day for day in range(30, 61, 3)) / 100}",
        f"Grace,10,{sum(1000 + day for day in range(31, 61, 3)) / 100}",
        f"Hypatia,10,{sum(1000 + day for day in range(32, 61, 3)) / 100}",
    ]
    assert [path.name for path in (directory / "reports").iterdir()] == ["2026-10.csv"]
