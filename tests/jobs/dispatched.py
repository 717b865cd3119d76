"""Tiny jobs that say how they are sent."""

from __future__ import annotations

import time
from typing import Any

from samovar import Job, kafka_options
from tests.support import journal


class NotedJob(Job):
    """Notes its key and its number, in that order."""

    def perform(self, key: Any, number: int, seconds: float = 0.0) -> None:
        journal.write("start", f"{key} {number}")
        if seconds:
            time.sleep(seconds)
        journal.write("done", f"{key} {number}")


@kafka_options(partitioner=lambda job: job.arguments[0])
class KeyedJob(NotedJob):
    """Its first argument is its key."""


@kafka_options(partition_key_type="partition_key")
class PlacedJob(KeyedJob):
    """Its first argument chooses its partition, and is not stored."""


@kafka_options(partition_key_type="partition")
class NumberedJob(KeyedJob):
    """Its first argument is its partition."""


@kafka_options(dispatch_method="produce_sync", dispatch_many_method="produce_many_sync")
class AwaitedJob(NotedJob):
    """Is stored when `perform_later` returns."""
