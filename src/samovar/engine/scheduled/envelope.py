"""A record that waits: its target's payload untouched, and in headers where it goes, and when.

The headers are those of Karafka's scheduled messages, so either side may write or dispatch them.
"""

from __future__ import annotations

from dataclasses import dataclass

from samovar.broker import topic_names
from samovar.broker.partitioning import partition_of
from samovar.broker.port import Headers, NewRecord, Record, TopicPartition
from samovar.errors import PayloadError

#: The version of the headers that this engine writes, and the newest that it reads.
VERSION = "1.0.0"
_KNOWN = tuple(int(part) for part in VERSION.split("."))
_VERSION, _KIND = "schedule_schema_version", "schedule_source_type"
_EPOCH, _TOPIC = "schedule_target_epoch", "schedule_target_topic"
_KEY, _PARTITION = "schedule_target_key", "schedule_target_partition"
_PARTITION_KEY = "schedule_target_partition_key"
#: Of what a record with a value says that it is.
_SCHEDULE = b"schedule"
_REQUIRED = (_VERSION, _KIND, _EPOCH, _TOPIC)
_CONTROL = frozenset({*_REQUIRED, _KEY, _PARTITION, _PARTITION_KEY})
#: Who asks for a cancellation to be answered; the answer bears it too.
ASKER = "schedule_cancellation_id"

_NANOSECONDS = 1_000_000_000
#: What no log has a partition for would hold up the others when it is due.
_HIGHEST_PARTITION = 2**31 - 1


class NewerVersionError(PayloadError):
    """A scheduled record of a version that this engine does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a record goes when its time has come."""

    topic: str
    value: bytes | None
    #: Seconds since the epoch.
    epoch: int
    key: bytes | None = None
    partition: int | None = None
    #: What chooses the partition without being stored.
    partition_key: bytes | None = None
    headers: Headers = ()


def whole_seconds(nanoseconds: int) -> int:
    """A time in whole seconds, rounded up: what waits is never early."""
    return -(-nanoseconds // _NANOSECONDS)


def wrap(target: Target, *, topic: str, key: str, partitions: int) -> NewRecord:
    """The record that waits in `topic` under `key`.

    What goes to one partition, or has one key, waits in one partition, and so leaves in order.
    """
    control: list[tuple[str, bytes]] = [
        (_VERSION, VERSION.encode()),
        (_KIND, _SCHEDULE),
        (_EPOCH, str(target.epoch).encode()),
        (_TOPIC, target.topic.encode()),
    ]
    if target.key is not None:
        control.append((_KEY, target.key))
    if target.partition is not None:
        control.append((_PARTITION, str(target.partition).encode()))
    if target.partition_key is not None:
        control.append((_PARTITION_KEY, target.partition_key))
    return NewRecord(
        topic,
        target.value,
        key=key.encode(),
        headers=(*target.headers, *control),
        partition=_partition(target, key, partitions),
    )


def _partition(target: Target, key: str, partitions: int) -> int:
    if target.partition is not None:
        return target.partition % partitions
    return partition_of(target.partition_key or target.key or key.encode(), partitions)


def read(record: Record) -> Target:
    """The target that waits in a record with a value.

    Raises:
        NewerVersionError: it is of a newer version.
        PayloadError: it is no scheduled record.
    """
    # Whoever writes such records may leave out a header's value, and not only the header.
    headers = {name: value for name, value in record.headers if value is not None}  # pyright: ignore[reportUnnecessaryComparison]
    if missing := [name for name in _REQUIRED if name not in headers]:
        raise PayloadError(f"The record lacks {', '.join(missing)}, and so is no schedule.")
    if record.key is None:
        raise PayloadError("The record has no key, and so cannot be taken back or marked as done.")
    _check_version(headers[_VERSION])
    if (kind := headers[_KIND]) != _SCHEDULE:
        raise PayloadError(f"{_KIND} is {kind!r:.80}; expected {_SCHEDULE!r} beside a value.")
    partition = headers.get(_PARTITION)
    return Target(
        topic=_topic(headers[_TOPIC]),
        value=record.value,
        epoch=_number(_EPOCH, headers[_EPOCH]),
        key=headers.get(_KEY),
        partition=None if partition is None else _partition_number(partition),
        partition_key=headers.get(_PARTITION_KEY),
        headers=tuple(pair for pair in record.headers if pair[0] not in _CONTROL),
    )


def unwrap(target: Target, *, source: TopicPartition, record: Record, partitions: int) -> NewRecord:
    """The record for the target topic, which has so many partitions: the payload, key and headers
    that were given, and where it waited.
    """
    partition = target.partition
    if partition is None and target.partition_key:
        partition = partition_of(target.partition_key, partitions)
    trace: Headers = (
        ("schedule_source_topic", source.topic.encode()),
        ("schedule_source_partition", str(source.partition).encode()),
        ("schedule_source_offset", str(record.offset).encode()),
        ("schedule_source_key", record.key or b""),
    )
    return NewRecord(
        target.topic,
        target.value,
        key=target.key,
        headers=(*target.headers, *trace),
        partition=partition,
    )


def tombstone(source: TopicPartition, key: bytes) -> NewRecord:
    """What says that the record under `key` has left."""
    return NewRecord(source.topic, None, key=key, partition=source.partition)


def cancellation(source: TopicPartition, key: bytes, asker: bytes) -> NewRecord:
    """What takes a record back; the answer will bear the name of the asker."""
    headers = ((_VERSION, VERSION.encode()), (_KIND, b"cancel"), (ASKER, asker))
    return NewRecord(source.topic, None, key=key, headers=headers, partition=source.partition)


def asker(record: Record) -> bytes | None:
    """Who wants an answer to this cancellation, if it is one that does."""
    headers = dict(record.headers)
    return headers.get(ASKER) if headers.get(_KIND) == b"cancel" else None


def answer(source: TopicPartition, asker: bytes, *, was_waiting: bool) -> NewRecord:
    """The answer to a cancellation: a tombstone of its own, which compaction removes in time."""
    kind = b"cancelled" if was_waiting else b"absent"
    headers = ((_VERSION, VERSION.encode()), (_KIND, kind), (ASKER, asker))
    key = b"answer-" + asker
    return NewRecord(source.topic, None, key=key, headers=headers, partition=source.partition)


def answered(record: Record, asker: bytes) -> bool | None:
    """What a record says to this asker; None when it is no answer to it."""
    headers = dict(record.headers)
    kind = headers.get(_KIND)
    if headers.get(ASKER) != asker or kind == b"cancel":
        return None
    return kind == b"cancelled"


def _check_version(raw: bytes) -> None:
    found = raw.decode(errors="replace")
    try:
        parts = tuple(int(part) for part in found.split("."))
    except ValueError:
        raise PayloadError(f"{_VERSION} is {found!r}; expected {VERSION}.") from None
    if parts > _KNOWN:
        raise NewerVersionError(
            f"{_VERSION} is {found!r}; this Samovar knows {VERSION}. Nothing of this partition is "
            "dispatched until it is upgraded."
        )


def _topic(raw: bytes) -> str:
    name = raw.decode(errors="replace")
    if not topic_names.is_legal(name):
        raise PayloadError(f"{_TOPIC} is {name!r:.80}; expected a topic's name.")
    return name


def _partition_number(raw: bytes) -> int:
    number = _number(_PARTITION, raw)
    if not 0 <= number <= _HIGHEST_PARTITION:
        raise PayloadError(f"{_PARTITION} is {raw!r:.80}; expected the number of a partition.")
    return number


def _number(name: str, raw: bytes) -> int:
    try:
        return int(raw)
    except ValueError:
        raise PayloadError(f"{name} is {raw!r:.80}; expected a whole number.") from None
