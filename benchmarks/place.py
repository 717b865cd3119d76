"""Where one measurement takes place: passed to each of its processes by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A queue of its own, on the services of this run."""

    #: The Kafka topic, the Redis list or the queue in the file.
    queue: str
    #: Consumer group, so that one topic can be read from its start again and again.
    group: str
    #: The SQLite file.
    file: Path
    #: Kafka's and Redis's addresses; empty when they are not there.
    kafka: str = ""
    redis: str = ""

    @classmethod
    def from_environment(cls) -> Place:
        """The place that the harness chose for this process."""
        return cls(
            queue=os.environ["BENCH_QUEUE"],
            group=os.environ["BENCH_GROUP"],
            file=Path(os.environ["BENCH_FILE"]),
            kafka=os.environ["BENCH_KAFKA"],
            redis=os.environ["BENCH_REDIS"],
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that say the same."""
        return {
            "BENCH_QUEUE": self.queue,
            "BENCH_GROUP": self.group,
            "BENCH_FILE": str(self.file),
            "BENCH_KAFKA": self.kafka,
            "BENCH_REDIS": self.redis,
        }
