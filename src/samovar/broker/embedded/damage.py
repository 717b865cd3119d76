"""Damage that an earlier version could do to a file's counters: noticed when it is opened, mended.

A partition whose next offset is given out already refuses all that is enqueued to it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from samovar import events

_DAMAGED = """
    SELECT id, next_offset, last FROM (
        SELECT id, next_offset,
            (SELECT max(offset) FROM records WHERE partition_id = partitions.id) AS last
        FROM partitions)
    WHERE last >= next_offset
"""


def repair(connection: sqlite3.Connection, path: Path) -> None:
    """Let every partition go on after its last record."""
    if connection.execute(_DAMAGED).fetchone() is None:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again: another process may have been quicker.
        damaged = connection.execute(_DAMAGED).fetchall()
        connection.executemany(
            "UPDATE partitions SET next_offset = ? WHERE id = ?",
            [(last + 1, partition_id) for partition_id, _, last in damaged],
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if damaged:
        events.announce("log.repaired", path=str(path), partitions=len(damaged))
