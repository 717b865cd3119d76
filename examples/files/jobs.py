"""A log file becomes a compressed one, in steps that may be repeated."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from samovar import Job, retry_on


# A full disk or a file server that is away: later it may be better.
@retry_on(OSError, wait="polynomially_longer", attempts=10)
class CompressLogJob(Job):
    queue_as = "files"

    def perform(self, log: Path) -> None:
        if not log.exists():
            return  # an earlier run had got to its end

        compressed = log.with_name(f"{log.name}.gz")
        unfinished = log.with_name(f".{log.name}.{self.job_id}")
        with log.open("rb") as source, gzip.open(unfinished, "wb") as target:
            shutil.copyfileobj(source, target)
        unfinished.replace(compressed)
        log.unlink()
