"""The job of `waiting` as a coroutine; its records are the same."""

from __future__ import annotations

import asyncio

from benchmarks.job import noop
from samovar import Job

SECONDS = 0.001


class WaitingJob(Job):
    async def perform(self, number: int, text: str) -> None:
        await asyncio.sleep(SECONDS)
        noop(number, text)
