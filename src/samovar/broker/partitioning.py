"""Which partition a key belongs to: the same on every broker."""

from __future__ import annotations

from zlib import crc32


def partition_of(key: bytes, count: int) -> int:
    """Which of `count` partitions has the records of this key."""
    # As librdkafka's "consistent" partitioner does, which is its default for records with a key.
    return crc32(key) % count
