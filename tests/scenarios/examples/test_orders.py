"""The example `orders`."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually


def test_what_happens_to_orders_happens_in_order_also_when_the_payment_fails_for_a_while(
    tmp_path: Path,
) -> None:
    directory = copy_example("orders", tmp_path)
    outage = directory / "payment-service-is-down"
    outage.touch()
    orders = range(1, 31)
    run_script(directory, "enqueue.py", *map(str, orders))

    ledger = directory / "ledger.txt"
    with worker_in(directory) as worker:
        worker.wait_for_output("PaymentServiceDownError")
        assert ledger.read_text() == "1 placed\n"
        outage.unlink()
        eventually(lambda: len(ledger.read_text().splitlines()) == 90)

    assert ledger.read_text().splitlines() == [
        f"{order} {event}" for order in orders for event in ("placed", "paid", "shipped")
    ]
