"""What happens to orders, as jobs of one queue."""

from __future__ import annotations

from pathlib import Path

from samovar import Job


class PaymentServiceDownError(Exception):
    """The payment service does not answer."""


class OrderJob(Job):
    queue_as = "orders"

    def note(self, order: int, event: str) -> None:
        with Path("ledger.txt").open("a") as ledger:
            ledger.write(f"{order} {event}\n")


class PlaceOrderJob(OrderJob):
    def perform(self, order: int) -> None:
        self.note(order, "placed")


class PayOrderJob(OrderJob):
    # No retry_on: a retry goes to the end of the queue, behind the order's shipment.
    def perform(self, order: int) -> None:
        if Path("payment-service-is-down").exists():
            raise PaymentServiceDownError
        self.note(order, "paid")


class ShipOrderJob(OrderJob):
    def perform(self, order: int) -> None:
        self.note(order, "shipped")
