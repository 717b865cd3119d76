"""A record as a consumer of a plain topic sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from samovar.broker.port import Headers, Record, TopicPartition

#: Turns a record into what `Message.payload` gives.
Deserializer = Callable[["Message"], Any]


class Message:
    """One record of a topic."""

    __slots__ = ("_decoded", "_deserializer", "offset", "partition", "record", "topic")

    def __init__(self, source: TopicPartition, record: Record, deserializer: Deserializer) -> None:
        #: Real name of the topic.
        self.topic = source.topic
        self.partition = source.partition
        #: Its place in the partition.
        self.offset = record.offset
        self.record = record
        self._deserializer = deserializer
        self._decoded: Any = _NOT_YET

    @property
    def payload(self) -> Any:
        """The value as the topic's `deserializer` reads it, by default JSON; decoded when it is
        first asked for. A tombstone's is None.

        Raises:
            Exception: the deserializer's own; it is an error of `consume` like any other.
        """
        if self._decoded is _NOT_YET:
            self._decoded = self._deserializer(self)
        return self._decoded

    @property
    def value(self) -> bytes | None:
        """The raw payload; None is a tombstone."""
        return self.record.value

    @property
    def key(self) -> bytes | None:
        """The raw key."""
        return self.record.key

    @property
    def headers(self) -> Headers:
        """Names with raw values, in order; names may repeat."""
        return self.record.headers

    @property
    def timestamp(self) -> int:
        """When it was made, milliseconds since the epoch."""
        return self.record.timestamp

    def __repr__(self) -> str:
        return f"<Message {self.topic}[{self.partition}]@{self.offset}>"


def json(message: Message) -> Any:
    """What a topic reads its payloads with that names no `deserializer`."""
    return None if message.value is None else msgspec.json.decode(message.value)


_NOT_YET: Any = object()
