"""What a poll returns: messages become batches of records, and errors are reported or raised."""

from __future__ import annotations

from confluent_kafka import KafkaError, Message

from samovar import events
from samovar.broker.kafka import failures, headers
from samovar.broker.port import Batch, Record, TopicPartition
from samovar.errors import FencedError

#: Errors that polling reports and gets over by itself.
_PASSING = frozenset(
    {
        KafkaError._PARTITION_EOF,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
    }
)


def batches(messages: list[Message]) -> list[Batch]:
    """Messages in the order they came, one batch for each run of one partition."""
    found: list[Batch] = []
    topic: str | None = None
    partition: int | None = None
    records: list[Record] = []
    for message, theirs in zip(messages, headers.of(messages), strict=True):
        error = message.error()
        if error is not None:
            check_error(error)
            continue
        if message.partition() != partition or message.topic() != topic:
            topic, partition = message.topic(), message.partition()
            records = []
            found.append(Batch(TopicPartition(topic, partition), records))  # type: ignore[arg-type]
        records.append(
            Record(
                message.offset(),  # type: ignore[arg-type] -- always there in a consumed message
                message.value(),
                message.key(),
                theirs,
                message.timestamp()[1],
            )
        )
    return found


def check_error(error: KafkaError) -> None:
    """Report an error that polling gets over; raise one that it does not."""
    translated = failures.translated(error, "Polling")
    if failures.is_fatal(error) or isinstance(translated, FencedError):
        raise translated
    if error.code() not in _PASSING and not error.retriable():
        raise translated
    events.announce("broker.error", error=translated)


def report_error(error: KafkaError) -> None:
    """The callback of every client: its errors become events."""
    events.announce("broker.error", error=failures.translated(error, "The Kafka client"))
