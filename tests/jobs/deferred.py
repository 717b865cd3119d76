"""Jobs that wait, and note in the test's journal when they ran."""

from __future__ import annotations

import time

from samovar import Job, kafka_options, retry_on
from tests.support import journal


class DeferredJob(Job):
    """Notes its number, and the time of its run in nanoseconds since the epoch."""

    def perform(self, number: int) -> None:
        now = time.time_ns()
        journal.write("done", number)
        journal.write("at", f"{number}:{now}")


class DeferredRetryError(Exception):
    """What `DeferredRetryJob` fails with."""


@retry_on(DeferredRetryError, wait=1, jitter=0, attempts=3)
class DeferredRetryJob(Job):
    """Fails twice."""

    def perform(self, number: int) -> None:
        journal.write("at", f"{number}:{time.time_ns()}")
        if self.executions < 3:
            raise DeferredRetryError("not yet")
        journal.write("done", number)


@retry_on(DeferredRetryError, wait=3600, attempts=2)
class DeferredDistantRetryJob(Job):
    """Its retry is an hour away."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        raise DeferredRetryError("in an hour")


@kafka_options(partitioner=lambda job: job.arguments[1])
class DeferredKeyedJob(Job):
    """Notes its number, and which key it had."""

    def perform(self, number: int, key: str) -> None:
        journal.write("key", f"{number}:{key}")
        journal.write("done", number)
