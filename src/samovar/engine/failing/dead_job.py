"""One dead letter: what it tells of itself, and the record that it was."""

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
class Letter:
    """A dead letter where it lies."""

    place: TopicPartition
    record: Record

    @property
    def id(self) -> str:
        """Where it lies, as commands take it: topic:partition:offset."""
        return f"{self.place.topic}:{self.place.partition}:{self.record.offset}"

    @property
    def trace(self) -> dict[str, str]:
        """What the engine noted when it moved the record aside; of several times the last."""
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
    def job(self) -> str:
        """The job in words."""
        return describe(self.record.value)

    @property
    def failed_at(self) -> datetime:
        """When it was moved aside."""
        return datetime.fromtimestamp(self.record.timestamp / 1000, UTC)

    @property
    def error(self) -> str:
        """Why, in words; nothing when that is not known."""
        trace = self.trace
        said = (trace.get("error_class", ""), trace.get("error_message", ""))
        return printable(": ".join(filter(None, said)))

    @property
    def traceback(self) -> str:
        """The end of the error's traceback; nothing when it is not known."""
        return self.trace.get("error_traceback", "")


def revived(letter: Letter) -> NewRecord:
    """The record that it was, on its way back: same bytes and key, and its own headers.

    A key chooses the partition, as ever; without one it is the partition that it came from.

    Raises:
        ArgumentError: it cannot be put back; says why.
    """
    record, trace = letter.record, letter.trace
    if DROPPED in trace:
        raise ArgumentError(f"{letter.id} was too large to keep: its payload is lost.")
    partition = trace.get("source_partition", "")
    return NewRecord(
        _source(letter, trace),
        record.value,
        record.key,
        _without_trace(record.headers),
        int(partition) if record.key is None and partition.isdecimal() else None,
    )


def parse_place(text: str) -> tuple[TopicPartition, int] | None:
    """Partition and offset that a letter's `id` names; None if it is something else."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return TopicPartition(found["topic"], int(found["partition"])), int(found["offset"])


def _source(letter: Letter, trace: dict[str, str]) -> str:
    """The topic it came from. The trace may have been left out for its size: then the queue."""
    queue = (letter.data or {}).get("queue_name")
    topic = trace.get("source_topic") or queue
    if not isinstance(topic, str) or not topic:
        raise ArgumentError(f"{letter.id} does not tell which topic it came from.")
    return topic


def _without_trace(headers: Headers) -> Headers:
    """The headers without the last of each that the engine has added."""
    kept: list[tuple[str, bytes]] = []
    found: set[str] = set()
    for name, value in reversed(headers):
        if name in TRACE and name not in found:
            found.add(name)
        else:
            kept.append((name, value))
    return tuple(reversed(kept))
