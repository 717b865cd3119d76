"""What became of each job: a line per job in a file per worker process, read while they grow."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one module holds."""

    lines: int
    tokens: int
    functions: int
    classes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one job."""

    job_id: str
    module: str
    #: How often it was performed, retries included.
    executions: int
    #: None when it was discarded.
    counts: Counts | None = None
    #: Why it was discarded; None when it was performed.
    discarded: str | None = None

    @property
    def was_retried(self) -> bool:
        return self.executions > 1

    def append_to(self, directory: str) -> None:
        """Add a line to this process's file, in one write: a kill leaves it whole or out."""
        path = Path(directory, f"{os.getpid()}{_SUFFIX}")
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, msgspec.json.encode(self) + b"\n")
        finally:
            os.close(file)


class Totals(NamedTuple):
    """How many jobs came to which end; a job retried is counted at its end too."""

    performed: int = 0
    retried: int = 0
    discarded: int = 0

    def __str__(self) -> str:
        return f"performed {self.performed} retried {self.retried} discarded {self.discarded}"


class Outcomes:
    """The outcomes noted in a directory, each job once however often it ran."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._by_job: dict[str, Outcome] = {}
        self._offsets: dict[Path, int] = {}
        self.totals = Totals()
        #: Lines about jobs that were known already: a worker had died before it could commit.
        self.repeats = 0
        #: The process whose line was read last.
        self.last_pid: int | None = None

    def read(self) -> None:
        """Take in what was added since the last time."""
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                lines, newline, _ = file.read().rpartition(b"\n")
            if newline:
                self._offsets[path] = self._offsets.get(path, 0) + len(lines) + 1
                self.last_pid = int(path.stem)
                for line in lines.split(b"\n"):
                    self._take(msgspec.json.decode(line, type=Outcome))

    def __len__(self) -> int:
        return len(self._by_job)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._by_job

    @property
    def performed(self) -> list[tuple[Outcome, Counts]]:
        """Those performed, with what they counted; the largest first."""
        found = [(o, o.counts) for o in self._by_job.values() if o.counts is not None]
        return sorted(found, key=lambda pair: (-pair[1].lines, pair[0].module))

    @property
    def retried(self) -> list[Outcome]:
        """Those that took more than one run, whatever became of them."""
        return self._sorted(o for o in self._by_job.values() if o.was_retried)

    @property
    def discarded(self) -> list[Outcome]:
        """Those discarded."""
        return self._sorted(o for o in self._by_job.values() if o.discarded is not None)

    def _take(self, outcome: Outcome) -> None:
        if outcome.job_id in self._by_job:
            self.repeats += 1
            return
        self._by_job[outcome.job_id] = outcome
        performed, retried, discarded = self.totals
        self.totals = Totals(
            performed + (outcome.counts is not None),
            retried + outcome.was_retried,
            discarded + (outcome.discarded is not None),
        )

    def _sorted(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        return sorted(outcomes, key=lambda outcome: outcome.module)


_SUFFIX = ".jsonl"
