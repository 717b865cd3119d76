"""Bare SQLite: a table of jobs, read 500 rows a SELECT, and one offset that is kept in it."""

from __future__ import annotations

import json
import sqlite3
import time

from benchmarks.envelope import envelope
from benchmarks.job import noop
from benchmarks.place import Place

JOBS = {"NoopJob": noop}
BATCH = 500
#: How long an idle reader sleeps before it looks again, in seconds.
POLL_SECONDS = 0.001


def connect(place: Place, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place.file, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, body TEXT)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS offsets (name TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID"
    )
    return connection


def work(place: Place) -> None:
    """Perform jobs until killed."""
    connection, loads = connect(place, "normal"), json.loads
    connection.execute("INSERT INTO offsets VALUES (?, 0)", (place.group,))
    position = 0
    while True:
        rows = connection.execute(
            "SELECT id, body FROM jobs WHERE id > ? ORDER BY id LIMIT ?", (position, BATCH)
        ).fetchall()
        if not rows:
            time.sleep(POLL_SECONDS)
            continue
        for _, body in rows:
            data = loads(body)
            JOBS[data["job_class"]](*data["arguments"])
        position = rows[-1][0]
        connection.execute(
            "UPDATE offsets SET position = ? WHERE name = ?", (position, place.group)
        )


class BareEnqueuer:
    """One INSERT and commit a job, or 500 jobs a commit; each commit waits for the disk."""

    def __init__(self, place: Place) -> None:
        self._queue = place.queue
        self._connection = connect(place, "full")

    def one(self, number: int) -> None:
        self._connection.execute("INSERT INTO jobs (body) VALUES (?)", self._row(number))

    def bulk(self, numbers: range) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        rows = map(self._row, numbers)
        self._connection.executemany("INSERT INTO jobs (body) VALUES (?)", rows)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def _row(self, number: int) -> tuple[str]:
        return (json.dumps(envelope(number, self._queue)),)


open_enqueuer = BareEnqueuer

if __name__ == "__main__":
    work(Place.from_environment())
