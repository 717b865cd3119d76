"""Tiny jobs in steps that note in the test's journal what they do."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from samovar import Continuable, Job, Step, attribute
from tests.support import journal

#: How long an item takes, in seconds.
ITEM_SECONDS = 0.02


class StepsJob(Continuable, Job):
    """Prepares, then works items off one by one, then finishes."""

    resume_options = {"wait": 0}  # noqa: RUF012

    #: Grows with every run.
    runs: int = attribute(default=0)

    def perform(self, number: int, count: int) -> None:
        self.runs += 1
        journal.write("run", f"{number}-{self.runs}")

        @self.step
        def prepare() -> None:
            journal.write("prepared", number)

        @self.step(start=0)
        def items(step: Step) -> None:
            for item in range(step.cursor, count):
                time.sleep(ITEM_SECONDS)
                journal.write("item", item)
                step.advance()

        self.step(lambda: journal.write("done", number), name="finish")


class CoroutineStepsJob(Continuable, Job):
    """The same on the event loop."""

    resume_options = {"wait": 0}  # noqa: RUF012

    async def perform(self, number: int, count: int) -> None:
        journal.write("run", number)

        @self.step(start=0)
        async def items(step: Step) -> None:
            for item in range(step.cursor, count):
                await asyncio.sleep(ITEM_SECONDS)
                journal.write("item", item)
                step.advance()

        await items
        await self.step(self.finish, name="finish")

    async def finish(self, step: Any) -> None:
        journal.write("done", step.name)
