"""Jobs are told of with the messages that they came in, if anybody wants to hear it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.message import Message, json
from samovar.job.performing import REPEATS
from samovar.processes.work import Perform


def watched(perform: Perform, source: TopicPartition) -> Callable[[Record], Any] | None:
    """How to perform the job of a record of this partition; None when nobody listens."""
    if "active_job.consumed" in events.heard or "active_job.consume" in events.heard:
        return lambda record: perform(record.value, Message(source, record, json))
    return None


def repeated(
    times: int, told: Callable[[Record], Any] | None, perform: Perform, record: Record
) -> Any:
    """Perform a job that failed in its place before, `times` times, and let it know."""
    token = REPEATS.set(times)
    try:
        return told(record) if told else perform(record.value)
    finally:
        REPEATS.reset(token)
