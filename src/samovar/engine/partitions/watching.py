"""Events say which message each job came in, if anybody listens."""

from __future__ import annotations

from typing import Protocol

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.message import Message, json
from samovar.job.outcome import Outcome
from samovar.processes.work import Perform
from samovar.support.tenure import Tenure


class PerformRecord(Protocol):
    """Performs the job of a record that has failed here `repeats` times."""

    def __call__(self, record: Record, repeats: int = 0) -> Outcome: ...


def watched(
    perform: Perform, source: TopicPartition, tenure: Tenure | None = None
) -> PerformRecord | None:
    """How to perform the job of a record of this partition; None when nobody listens."""
    if "active_job.consumed" not in events.heard and "active_job.consume" not in events.heard:
        return None

    def perform_record(record: Record, repeats: int = 0) -> Outcome:
        return perform(record.value, tenure, repeats, Message(source, record, json))

    return perform_record
