"""A job that is given a record."""

from __future__ import annotations

from samovar import DeserializationError, Job, discard_on
from sqlalchemy.orm import object_session

from orders import Order


@discard_on(DeserializationError.RecordNotFound)
class ShipOrderJob(Job):
    def perform(self, order: Order) -> None:
        order.ship()
        # The session that the worker has loaded the order with.
        if session := object_session(order):
            session.commit()
