"""Tiny jobs that say how they are sent."""

from __future__ import annotations

import time
from typing import Any

from samovar import Job, kafka_options
from samovar.job import runtime
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


def _slow(_: object) -> object:
    """A producer that keeps what it is given for a while."""
    app: Any = runtime.current()
    return app.producer.variant(topic_config={"linger.ms": 8000})


@kafka_options(producer=_slow)
class SlowlySentJob(NotedJob):
    """Is on its way for eight seconds, on Kafka."""


class RelayingJob(Job):
    """Enqueues a job that takes its time to be sent."""

    def perform(self, number: int) -> None:
        journal.write("start", f"relay {number}")
        SlowlySentJob.perform_later("sent", number)
        journal.write("done", f"relay {number}")
