"""Jobs are told of with the messages that they came in, if anybody wants to hear it."""

from __future__ import annotations

from collections.abc import Callable

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.consuming.message import Message, json
from samovar.engine.partition import Perform


def watched(perform: Perform, source: TopicPartition) -> Callable[[Record], None] | None:
    """How to perform the job of a record of this partition; None when nobody listens."""
    if "active_job.consumed" in events.heard or "active_job.consume" in events.heard:
        return lambda record: perform(record.value, Message(source, record, json))
    return None
