"""The job of `waiting` with a key each, as for customers whose jobs keep their order."""

from __future__ import annotations

from benchmarks.contestants.waiting import WaitingEnqueuer, WaitingJob
from benchmarks.job import TEXT
from samovar import kafka_options

CUSTOMERS = 1000


@kafka_options(partitioner=lambda job: job.arguments[0] % CUSTOMERS)
class KeyedJob(WaitingJob):
    """Belongs to one of many customers."""


class KeyedEnqueuer(WaitingEnqueuer):
    """Enqueues these jobs."""

    def one(self, number: int) -> None:
        KeyedJob.perform_later(number, TEXT)

    def bulk(self, numbers: range) -> None:
        KeyedJob.perform_bulk([(number, TEXT) for number in numbers])


open_enqueuer = KeyedEnqueuer
