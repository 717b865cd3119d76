"""What the harness knows of a contestant, and what a contestant's module offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from benchmarks.place import Place

#: Commands of a worker: one a process, unless the contestant starts its processes itself.
Commands = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One row of the table."""

    name: str
    title: str
    backend: Literal["kafka", "file", "redis"]
    #: Module with an `open_enqueuer`; it is imported in processes of its own only.
    module: str
    #: The worker of one or two processes at a place.
    worker: Callable[[Place, int], Commands]
    #: More environment variables of its processes.
    environment: Callable[[Place], Mapping[str, str]] = field(default=lambda place: {})
    #: Packages that may be missing; without them the contestant is skipped.
    needs: tuple[str, ...] = ()
    #: Of its topic in Kafka: as many as Samovar gives it.
    partitions: int = 8
    #: Jobs that a worker finds waiting when its throughput is measured.
    backlog: int
    #: Whose jobs these are; several contestants that speak one format read the same.
    backlog_of: str
    #: Whether a worker leaves the file as it was, so that one file serves all rounds.
    keeps_file: bool = False
    #: Whether it has a call for many jobs at once.
    has_bulk: bool = True
    #: Whether processes share the jobs; else each would perform all of them.
    shares_jobs: bool = True
    #: Measured in all ways, or only as a worker of one process.
    worker_only: bool = False
    #: What a job survives, and what a crash of the worker costs.
    durability: str


class Enqueuer(Protocol):
    """Enqueues the no-op job; `open_enqueuer(place)` of the contestant's module makes one."""

    def one(self, number: int) -> Any:
        """Enqueue one job; a coroutine function where the contestant's own is one."""

    def bulk(self, numbers: range) -> Any:
        """Enqueue these jobs with the contestant's call for many; else one by one."""

    def close(self) -> Any:
        """Wait until all is handed over."""
