"""How a worker runs: how much at once, how long it may take to stop, how often it commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from samovar.support.conversion import PositiveSeconds, Seconds, at_least, between

#: More threads in one process only get into each other's way.
MAX_CONCURRENCY = 1000
MAX_PROCESSES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Settings of the engine; the table `worker`."""

    #: Jobs that one process performs at the same time; each has a thread.
    concurrency: Annotated[int, at_least(1, MAX_CONCURRENCY)] = 5
    #: Processes that one `samovar worker` spawns.
    processes: Annotated[int, at_least(1, MAX_PROCESSES)] = 1
    #: Seconds that running jobs are given to finish when the worker stops.
    shutdown_timeout: PositiveSeconds = 25.0
    #: Seconds between two commits of what was performed (a millisecond to a day, as in Kafka); None
    #: is the log's own: 50 ms on Kafka. The embedded log commits within some 20 ms, and after these
    #: seconds, 1 by default, that is on the disk too.
    commit_interval: Annotated[Seconds, between(0.001, 86400)] | None = None
    #: How `samovar worker` writes its log: lines of text, or a JSON object a line.
    log_format: Literal["text", "json"] = "text"
