"""Stage recover: after so many retries move the record aside, with a note of where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from samovar.broker import topic_names
from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.recovery import DeadLetterQueue, Strategy, StrategyAnswer
from samovar.engine.routing.topic import Topic
from samovar.errors import ArgumentError, RevokedError
from samovar.support import tracebacks
from samovar.support.tenure import Tenure
from samovar.support.wording import message

#: Headers that tell where a dead letter came from, and why.
TRACE = (
    "source_topic",
    "source_partition",
    "source_offset",
    "source_consumer_group",
    "source_attempts",
    "source_trace_id",
    "error_class",
    "error_message",
    "error_traceback",
)
#: Longest text of an error that travels with a dead letter, in characters.
MAX_NOTED = 1_000
#: Longest traceback that travels with one, in characters; it is cut at its beginning.
MAX_TRACEBACK = 8_000
#: The header of one whose value did not fit: how many bytes it had.
DROPPED = "dropped_value_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A record that failed for good, on its way to a dead letter topic."""

    source: TopicPartition
    record: Record
    #: The dead letter topic's real name.
    target: str
    #: How often it was tried.
    attempts: int
    error: BaseException
    #: What finds the event of this failure again; it travels with the copy.
    trace_id: str
    #: The route's own, if it has one.
    queue: DeadLetterQueue | None = None
    #: How long the partition is the worker's own: after that, nothing may be written.
    tenure: Tenure | None = None
    #: Marks the record, where its queue wants that to happen together with the copy.
    transactions: TransactionalMarks | None = None

    def check_tenure(self) -> None:
        """See to it that the partition is still ours.

        Raises:
            RevokedError: it is not.
        """
        if self.tenure is not None and self.tenure.is_over:
            topic, partition = self.source
            raise RevokedError(
                f"{topic}[{partition}] has gone to another worker, which decides about what failed."
            )


def is_exhausted(queue: DeadLetterQueue, attempt: int) -> bool:
    """Whether the `attempt`-th failure in a row (counted from 1) was the last one allowed."""
    return attempt > queue.max_retries


def ask(strategy: Strategy, errors: Sequence[BaseException], attempt: int) -> StrategyAnswer:
    """What a strategy says.

    Raises:
        ArgumentError: its answer means nothing.
        Exception: whatever left it.
    """
    answer: object = strategy(errors, attempt)
    match answer:
        case "retry" | "dispatch" | "skip":
            return answer
        case ("dispatch", str(topic)) if topic_names.is_legal(topic):
            return "dispatch", topic
        case _:
            raise ArgumentError(
                f"The strategy of a dead letter queue answered {answer!r:.80}; expected 'retry', "
                "'dispatch', 'skip' or ('dispatch', topic)."
            )


def target(topic: Topic, answer: StrategyAnswer | None) -> str | None:
    """Where a record of this topic goes that is not tried again; None: it is dropped."""
    queue = topic.dead_letter_queue
    if isinstance(answer, tuple):
        return answer[1]
    if answer == "skip" or (queue is not None and queue.topic is False):
        return None
    return topic.poison_topic


def copy(failure: Failure, *, group: str, partitions: int) -> NewRecord:
    """The record for the dead letter topic: same bytes, key and headers, plus where it was.

    Failures of one source partition stay in one partition of the dead letter topic, in order.
    """
    record, source = failure.record, failure.source
    texts = (
        source.topic,
        str(source.partition),
        str(record.offset),
        group,
        str(failure.attempts),
        failure.trace_id,
        type(failure.error).__name__,
        message(failure.error, MAX_NOTED),
        _end_of(tracebacks.text(failure.error)),
    )
    trace = tuple(
        (name, text.encode(errors="replace")) for name, text in zip(TRACE, texts, strict=True)
    )
    return NewRecord(
        topic=failure.target,
        value=record.value,
        key=record.key,
        headers=(*record.headers, *trace),
        partition=source.partition % partitions,
    )


def _end_of(text: str) -> str:
    """The lines at the end of a traceback: they show where the error was raised."""
    if len(text) <= MAX_TRACEBACK:
        return text
    return f"  ...\n{text[-MAX_TRACEBACK:].partition(chr(10))[2]}"


def without_trace(copy: NewRecord, record: Record) -> NewRecord:
    """The copy as the record was: the trace may be what made it too large."""
    return structs.replace(copy, headers=record.headers)


def without_value(copy: NewRecord, record: Record) -> NewRecord:
    """The trace alone, which always fits: without the record's own value, key and headers, but
    with the size of the value, in bytes, as header `DROPPED`.
    """
    trace = copy.headers[len(record.headers) :]
    size = str(len(record.value or b"")).encode()
    return structs.replace(copy, value=None, key=None, headers=(*trace, (DROPPED, size)))
