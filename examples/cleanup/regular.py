"""A clean-up that enqueues its next run."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samovar import Job

import ticks
from jobs import DeleteOldFilesJob


class RegularCleanupJob(Job):
    queue_as = "maintenance"

    def perform(self, tick: datetime, every: timedelta, directory: Path) -> None:
        if not ticks.claim(tick, self.job_id):
            return  # it is another job's, and so this chain ends
        # The next run comes first, so that an error of this one does not end the chain.
        following = next_tick(every)
        RegularCleanupJob.set(wait_until=following).perform_later(following, every, directory)
        DeleteOldFilesJob.perform_now(directory, older_than=every)


def next_tick(every: timedelta) -> datetime:
    """The next whole multiple of `every`: the same for everybody who asks before it."""
    seconds = every.total_seconds()
    return datetime.fromtimestamp((time.time() // seconds + 1) * seconds, tz=UTC)
