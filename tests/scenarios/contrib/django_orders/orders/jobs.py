"""Jobs, a plain and a coroutine one; they note the language they run in."""

from __future__ import annotations

from django.utils import translation

from orders.models import ScenarioOrder
from samovar import DeserializationError, Job, discard_on


@discard_on(DeserializationError.RecordNotFound)
class ScenarioShipJob(Job):
    def perform(self, order: ScenarioOrder) -> None:
        order.state = f"shipped, {translation.get_language()}"
        order.save()


class ScenarioShipAsyncJob(Job):
    async def perform(self, order: ScenarioOrder) -> None:
        order.state = f"sailed, {translation.get_language()}"
        await order.asave()
