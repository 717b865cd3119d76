"""Stage recover: after so many retries move the record aside, with a note of where it was."""

from __future__ import annotations

from msgspec import structs

from samovar.broker.port import Headers, NewRecord, Record, TopicPartition
from samovar.engine.routing.recovery import DeadLetterQueue
from samovar.support.wording import message


def is_exhausted(queue: DeadLetterQueue, attempt: int) -> bool:
    """Whether the `attempt`-th failure in a row (counted from 1) was the last one allowed."""
    return attempt > queue.max_retries


def copy(
    record: Record,
    *,
    topic: str,
    partitions: int,
    source: TopicPartition,
    group: str,
    attempts: int,
    error: BaseException,
) -> NewRecord:
    """The record for the dead letter topic: same bytes, key and headers, plus where it was.

    Failures of one source partition stay in one partition of the dead letter topic, in order.
    """
    trace: Headers = tuple(
        (name, text.encode(errors="replace"))
        for name, text in (
            ("source_topic", source.topic),
            ("source_partition", str(source.partition)),
            ("source_offset", str(record.offset)),
            ("source_consumer_group", group),
            ("source_attempts", str(attempts)),
            ("error_class", type(error).__name__),
            ("error_message", message(error)[:1000]),
        )
    )
    return NewRecord(
        topic=topic,
        value=record.value,
        key=record.key,
        headers=(*record.headers, *trace),
        partition=source.partition % partitions,
    )


def without_trace(copy: NewRecord, record: Record) -> NewRecord:
    """The copy as the record was: the trace may be what made it too large."""
    return structs.replace(copy, headers=record.headers)


def without_value(copy: NewRecord, record: Record) -> NewRecord:
    """The trace alone, which always fits: without the record's own value, key and headers, but
    with the size of the value, in bytes, as header `dropped_value_bytes`.
    """
    trace = copy.headers[len(record.headers) :]
    size = str(len(record.value or b"")).encode()
    return structs.replace(
        copy, value=None, key=None, headers=(*trace, ("dropped_value_bytes", size))
    )
