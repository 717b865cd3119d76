"""How the topics are made that keepers own, and the groups that share them out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: What waits is kept, however long; what has left goes within hours.
COMPACTED: Mapping[str, str] = MappingProxyType(
    {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.1",
        "segment.ms": "3600000",
        "segment.bytes": "52428800",
        "delete.retention.ms": "3600000",
    }
)


def keeper_group(topic: str) -> str:
    """The consumer group of those who keep a schedule topic, of whatever application: one of them
    at a time has a partition, so what waits there leaves once though several name the topic.
    """
    return f"{topic}-keepers"
