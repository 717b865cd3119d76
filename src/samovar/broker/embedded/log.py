"""Topics, partitions and records: what is asked of the tables, inside the caller's transaction."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from samovar.broker.embedded.store import Store
from samovar.broker.port import Headers, NewRecord, Record
from samovar.support import clock

_encode_headers = msgspec.msgpack.Encoder().encode
_decode_headers = msgspec.msgpack.Decoder(Headers).decode

#: Rows deleted in one transaction: few enough that a producer does not feel the wait.
TRIM_CHUNK = 2000


class PartitionGoneError(Exception):
    """The partition was deleted meanwhile; raised to leave the transaction."""


def partition_ids(connection: sqlite3.Connection) -> dict[str, list[int]]:
    """Each topic's partitions, in order, by the ids they have in the file."""
    topics: dict[str, list[int]] = {}
    for name, partition_id in connection.execute(
        "SELECT topics.name, partitions.id FROM topics JOIN partitions ON topic_id = topics.id"
        " ORDER BY topics.id, partition"
    ):
        topics.setdefault(name, []).append(partition_id)
    return topics


def partition_ids_of(connection: sqlite3.Connection, topic: str | int) -> list[int]:
    """The partitions of one topic, given by its name or id, in order, by their ids."""
    column = "name" if isinstance(topic, str) else "topics.id"
    rows = connection.execute(
        "SELECT partitions.id FROM topics JOIN partitions ON topic_id = topics.id"
        f" WHERE {column} = ? ORDER BY partition",
        (topic,),
    )
    return [partition_id for (partition_id,) in rows]


def pack(headers: Headers) -> bytes | None:
    """Headers as they lie in the file."""
    return _encode_headers(headers) if headers else None


def partitions_ever_made(connection: sqlite3.Connection) -> int:
    """A number that grows with each new partition."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'partitions'").fetchone()
    return row[0] if row else 0


def append(connection: sqlite3.Connection, partition_id: int, records: Sequence[NewRecord]) -> int:
    """Write the records at the partition's end and return the first one's offset.

    Raises:
        PartitionGoneError: it was deleted.
    """
    first = _reserve(connection, partition_id, len(records))
    now = _milliseconds()
    connection.executemany(
        "INSERT INTO records (partition_id, offset, timestamp, key, headers, value)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                partition_id,
                offset,
                now if record.timestamp is None else record.timestamp,
                record.key,
                pack(record.headers),
                record.value,
            )
            for offset, record in enumerate(records, first)
        ],
    )
    return first


def append_scheduled(
    connection: sqlite3.Connection, partition_id: int, numbers: Sequence[int]
) -> None:
    """Copy scheduled records, by their ids, to the partition's end.

    Raises:
        PartitionGoneError: it was deleted.
    """
    first = _reserve(connection, partition_id, len(numbers))
    now = _milliseconds()
    connection.executemany(
        "INSERT INTO records (partition_id, offset, timestamp, key, headers, value)"
        " SELECT ?, ?, ?, key, headers, value FROM scheduled WHERE id = ?",
        [(partition_id, offset, now, number) for offset, number in enumerate(numbers, first)],
    )


def _reserve(connection: sqlite3.Connection, partition_id: int, count: int) -> int:
    """The offset of the first of `count` records that are about to be written."""
    row = connection.execute(
        "SELECT next_offset FROM partitions WHERE id = ? AND topic_id IS NOT NULL", (partition_id,)
    ).fetchone()
    if row is None:
        raise PartitionGoneError
    connection.execute(
        "UPDATE partitions SET next_offset = ? WHERE id = ?", (row[0] + count, partition_id)
    )
    return row[0]


def _milliseconds() -> int:
    return int(clock.now() * 1000)


class Run(NamedTuple):
    """Records that follow on from each other."""

    records: list[Record]
    #: Bytes of their values and headers.
    size: int
    #: Whether there were no more.
    is_last: bool


def read(
    connection: sqlite3.Connection, partition_id: int, offset: int, limit: int
) -> list[Record]:
    """Up to `limit` records from `offset` on."""
    return fetch(connection, partition_id, offset, limit, sys.maxsize).records


def fetch(
    connection: sqlite3.Connection, partition_id: int, offset: int, limit: int, max_bytes: int
) -> Run:
    """Up to `limit` records from `offset` on; the one that reaches `max_bytes` is the last."""
    rows = connection.execute(
        "SELECT offset, value, key, headers, timestamp FROM records"
        " WHERE partition_id = ? AND offset >= ? ORDER BY offset LIMIT ?",
        (partition_id, offset, limit),
    )
    records: list[Record] = []
    size = 0
    for offset, value, key, headers, timestamp in rows:
        unpacked: Headers = ()
        if headers:
            unpacked = _decode_headers(headers)
            size += len(headers)
        records.append(Record(offset, value, key, unpacked, timestamp))
        if value is not None:
            size += len(value)
        if size >= max_bytes:
            rows.close()  # or its snapshot would keep the log's end from being written back
            return Run(records, size, is_last=False)
    return Run(records, size, is_last=len(records) < limit)


def trim(store: Store, partition_id: int) -> bool:
    """Delete a chunk of the records that every group has done with; whether there are more.

    Every group: each that has committed here, and each that holds or awaits this partition.
    """
    with store.reading() as connection:
        span = _finished(connection, partition_id)
    if not span:
        return False
    with store.writing() as connection:
        # Again: between the two a group may have come that wants to start at the beginning.
        span = _finished(connection, partition_id)
        chunk = span[:TRIM_CHUNK]
        connection.execute(
            "DELETE FROM records WHERE partition_id = ? AND offset < ?", (partition_id, chunk.stop)
        )
        connection.execute(
            "UPDATE partitions SET start_offset = ? WHERE id = ?", (chunk.stop, partition_id)
        )
    return len(span) > len(chunk)


def _finished(connection: sqlite3.Connection, partition_id: int) -> range:
    row = connection.execute(
        """
        SELECT start_offset, min(
            next_offset,
            (SELECT min(position) FROM offsets WHERE partition_id = partitions.id))
        FROM partitions WHERE id = ? AND NOT EXISTS (
            SELECT 1 FROM ownership LEFT JOIN offsets USING (partition_id, group_id)
            WHERE ownership.partition_id = partitions.id AND position IS NULL)
        """,
        (partition_id,),
    ).fetchone()
    if row is None or row[1] is None:
        return range(0)
    return range(row[0], max(row))


def sweep(store: Store) -> None:
    """Delete what is left of deleted topics, chunk by chunk."""
    while True:
        with store.reading() as connection:
            row = connection.execute(
                "SELECT id, start_offset, next_offset FROM partitions WHERE topic_id IS NULL"
            ).fetchone()
        if row is None:
            return
        partition_id, start, end = row
        start = min(start + TRIM_CHUNK, end)
        with store.writing() as connection:
            connection.execute(
                "DELETE FROM records WHERE partition_id = ? AND offset < ?", (partition_id, start)
            )
            connection.execute(
                "UPDATE partitions SET start_offset = ? WHERE id = ?", (start, partition_id)
            )
            if start == end:
                connection.execute("DELETE FROM partitions WHERE id = ?", (partition_id,))
