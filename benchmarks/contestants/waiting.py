"""A job that waits for a millisecond in its thread, as for a service."""

from __future__ import annotations

import time

from benchmarks.contestants.samovar import SamovarEnqueuer
from benchmarks.job import TEXT, noop
from samovar import Job

SECONDS = 0.001


class WaitingJob(Job):
    def perform(self, number: int, text: str) -> None:
        time.sleep(SECONDS)
        noop(number, text)


class WaitingEnqueuer(SamovarEnqueuer):
    """Enqueues these jobs."""

    def one(self, number: int) -> None:
        WaitingJob.perform_later(number, TEXT)

    def bulk(self, numbers: range) -> None:
        WaitingJob.perform_bulk([(number, TEXT) for number in numbers])


open_enqueuer = WaitingEnqueuer
