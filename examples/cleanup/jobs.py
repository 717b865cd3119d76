"""Old files are deleted."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from samovar import Job


class DeleteOldFilesJob(Job):
    queue_as = "maintenance"

    def perform(self, directory: Path, *, older_than: timedelta) -> None:
        oldest = time.time() - older_than.total_seconds()
        for path in directory.iterdir():
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
