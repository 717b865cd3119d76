"""Records that wait for their time: kept beside the log, moved into it when they are due."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from samovar.broker.embedded import log
from samovar.broker.embedded.store import Store
from samovar.broker.partitioning import partition_of
from samovar.broker.port import NewRecord
from samovar.support import clock

#: Records moved in one transaction: few enough that a producer does not feel the wait.
MOVE_CHUNK = 500
#: SQLite's largest integer, in the year 2262: what is due later waits until then.
_LATEST_NS = 2**63 - 1


def add(connection: sqlite3.Connection, records: Sequence[NewRecord]) -> None:
    """Keep records that have a `due_ns`, each in place of what waits under its key.

    Raises:
        PartitionGoneError: a topic was deleted.
    """
    # A key of its own for each record without one.
    newest = {r.schedule_key or place: r for place, r in enumerate(records)}
    records = list(newest.values())
    connection.executemany(
        "DELETE FROM scheduled WHERE schedule_key = ?",
        [(record.schedule_key,) for record in records if record.schedule_key is not None],
    )
    cursor = connection.executemany(
        "INSERT INTO scheduled (due, schedule_key, topic_id, partition, key, headers, value)"
        " SELECT ?, ?, id, ?, ?, ?, ? FROM topics WHERE name = ?",
        [
            (
                min(record.due_ns or 0, _LATEST_NS),
                record.schedule_key,
                record.partition,
                record.key,
                log.pack(record.headers),
                record.value,
                record.topic,
            )
            for record in records
        ],
    )
    if cursor.rowcount < len(records):
        raise log.PartitionGoneError


def cancel(connection: sqlite3.Connection, key: str) -> bool:
    """Drop what waits under this key; whether there was something."""
    cursor = connection.execute("DELETE FROM scheduled WHERE schedule_key = ?", (key,))
    return cursor.rowcount > 0


def next_due(connection: sqlite3.Connection) -> int | None:
    """When the next record is due, nanoseconds since the epoch; None when none waits."""
    return connection.execute("SELECT min(due) FROM scheduled").fetchone()[0]


def move_due(store: Store) -> bool:
    """Put a chunk of what is due at the end of its topics; whether there was something.

    In one transaction, so each record is in one place whoever dies. Values stay in SQLite: what
    waits costs this process no memory.
    """
    with store.writing() as connection:
        due = connection.execute(
            "SELECT id, topic_id, partition, key FROM scheduled WHERE due <= ?"
            " ORDER BY due, id LIMIT ?",
            (clock.now_ns(), MOVE_CHUNK),
        ).fetchall()
        for partition_id, numbers in _lines(connection, due).items():
            log.append_scheduled(connection, partition_id, numbers)
        connection.executemany("DELETE FROM scheduled WHERE id = ?", [row[:1] for row in due])
    return bool(due)


def _lines(
    connection: sqlite3.Connection, due: Sequence[tuple[int, int, int | None, bytes | None]]
) -> dict[int, list[int]]:
    """Which of these goes to which partition; nowhere if the topic was deleted meanwhile."""
    places: dict[int, list[int]] = {}
    lines: dict[int, list[int]] = {}
    for number, topic_id, partition, key in due:
        if topic_id not in places:
            places[topic_id] = log.partition_ids_of(connection, topic_id)
        if ids := places[topic_id]:
            if partition is None:
                # Numbers follow on from each other, so they serve the partitions in turn.
                partition = partition_of(key, len(ids)) if key else number % len(ids)
            lines.setdefault(ids[partition], []).append(number)
    return lines
