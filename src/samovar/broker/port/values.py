"""The values that travel over the port: records, positions, topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import msgspec

#: Header names with their raw values, in order; names may repeat.
Headers = tuple[tuple[str, bytes], ...]
#: Bytes of UTF-8 that commit metadata may have (Kafka's own limit excludes its 4,096).
METADATA_BYTES = 4095


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record as it is stored in a partition."""

    #: Its position in the partition.
    offset: int
    #: The payload; None is a tombstone.
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    #: When it was made, milliseconds since the epoch.
    timestamp: int = 0


class Batch(msgspec.Struct, frozen=True):
    """Records of one partition, in offset order, as one poll returned them."""

    source: TopicPartition
    records: list[Record]


class NewRecord(msgspec.Struct, frozen=True, gc=False):
    """A record on its way to a topic."""

    topic: str
    value: bytes | None
    #: Records of one key go to one partition; without a key the broker chooses.
    key: bytes | None = None
    headers: Headers = ()
    #: The partition, when the sender insists on one.
    partition: int | None = None
    #: When it is due, nanoseconds since the epoch; only for a broker that `schedules`. Until then
    #: it waits outside its topic; when it is due it is appended to the topic.
    due_ns: int | None = None
    #: Identifies it while it waits, to cancel it; it replaces what waits under the same key.
    schedule_key: str | None = None
    #: When it was made, milliseconds since the epoch; None is now.
    timestamp: int | None = None


class Written(NamedTuple):
    """Where a record was stored. One that waits until it is due has partition and offset -1. One
    that was sent with acks=0 has offset -1: nobody knows it.
    """

    source: TopicPartition
    offset: int


class Watermarks(NamedTuple):
    """The offsets that a partition spans."""

    #: Offset of the first record that still exists (or `high` when there is none).
    low: int
    #: Offset that the next record will get.
    high: int


class Commit(NamedTuple):
    """What a group has committed for a partition."""

    #: Offset of the next record to work on.
    position: int
    #: A text that the committer chose, up to `METADATA_BYTES`.
    metadata: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic to create."""

    name: str
    partitions: int
    #: Copies of each partition; None leaves it to the broker's default.
    replication_factor: int | None = None
    #: The broker's own topic settings, such as ``{"retention.ms": "86400000"}``.
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Whether it holds dead letters; a worker serves such a topic only if it is named.
    is_dead_letter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic as the broker describes it."""

    partitions: int
    #: None where the broker has no replicas.
    replication_factor: int | None = None
    #: The broker's settings in force for the topic, as text; None where there are none.
    config: Mapping[str, str] | None = None


def config_text(value: object) -> str:
    """A setting of a topic as the broker writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


#: Nothing to commit.
NO_MARKS: Mapping[TopicPartition, int] = MappingProxyType({})
#: No commit metadata.
NO_METADATA: Mapping[TopicPartition, str] = MappingProxyType({})
