"""One dead job: what its record says, and the record that goes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from samovar.broker.port import Headers, NewRecord, Record, TopicPartition
from samovar.engine.flow.dead_letter import DROPPED, TRACE
from samovar.errors import ArgumentError, PayloadError
from samovar.job.job_data import JobData, loads
from samovar.job.performing import describe
from samovar.support.wording import printable

_PLACE = re.compile(r"(?P<topic>[\w.-]+):(?P<partition>\d{1,9}):(?P<offset>\d{1,18})")


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A record of a dead letter topic, and the partition it is in. It may be no job at all."""

    place: TopicPartition
    record: Record

    @property
    def id(self) -> str:
        """Its place, as commands take it: topic:partition:offset."""
        return f"{self.place.topic}:{self.place.partition}:{self.record.offset}"

    @property
    def trace(self) -> dict[str, str]:
        """The headers that the engine added when it moved the record; the last of each name."""
        wanted = {*TRACE, DROPPED}
        return {
            name: (value or b"").decode(errors="replace")
            for name, value in self.record.headers
            if name in wanted
        }

    @property
    def data(self) -> JobData | None:
        """The job hash; None when it is no job."""
        try:
            return loads(self.record.value)
        except PayloadError:
            return None

    @property
    def job_id(self) -> str | None:
        """The job's own id, if it has one."""
        found = (self.data or {}).get("job_id")
        return found if isinstance(found, str) else None

    @property
    def description(self) -> str:
        """The job in words: its class and id."""
        return describe(self.record.value)

    @property
    def failed_at(self) -> datetime:
        """When it was moved to the dead letter topic."""
        return datetime.fromtimestamp(self.record.timestamp / 1000, UTC)

    @property
    def error(self) -> str:
        """Class and message of the error; empty when they are not known."""
        trace = self.trace
        parts = (trace.get("error_class", ""), trace.get("error_message", ""))
        return printable(": ".join(filter(None, parts)))

    @property
    def traceback(self) -> str:
        """The end of the error's traceback; empty when it is not known."""
        return self.trace.get("error_traceback", "")


def revived(job: DeadJob) -> NewRecord:
    """The record that goes back to its queue: same bytes and key, without the headers we added.

    A key chooses the partition; without a key it goes back to the partition it came from.

    Raises:
        ArgumentError: it cannot be put back; the message says why.
    """
    record, trace = job.record, job.trace
    if DROPPED in trace:
        raise ArgumentError(f"{job.id} was too large to keep: its payload is lost.")
    partition = trace.get("source_partition", "")
    return NewRecord(
        _source(job, trace),
        record.value,
        record.key,
        _without_trace(record.headers),
        int(partition) if record.key is None and partition.isdecimal() else None,
    )


def parse_place(text: str) -> tuple[TopicPartition, int] | None:
    """Partition and offset that a dead job's `id` names; None if it is something else."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return TopicPartition(found["topic"], int(found["partition"])), int(found["offset"])


def _source(job: DeadJob, trace: dict[str, str]) -> str:
    """The topic it came from. Without the trace, which is left out of a large record, the queue."""
    queue = (job.data or {}).get("queue_name")
    topic = trace.get("source_topic") or queue
    if not isinstance(topic, str) or not topic:
        raise ArgumentError(f"{job.id} does not say which topic it came from.")
    return topic


def _without_trace(headers: Headers) -> Headers:
    """The headers without those that the engine added: the last one of each such name."""
    kept: list[tuple[str, bytes]] = []
    found: set[str] = set()
    for name, value in reversed(headers):
        if name in TRACE and name not in found:
            found.add(name)
        else:
            kept.append((name, value))
    return tuple(reversed(kept))
