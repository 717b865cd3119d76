"""Jobs of this app; Samovar imports the module `jobs` of every installed app."""

from __future__ import annotations

from samovar import DeserializationError, Job, discard_on

from orders.models import Order


@discard_on(DeserializationError.RecordNotFound)
class ShipOrderJob(Job):
    def perform(self, order: Order) -> None:
        order.ship()
