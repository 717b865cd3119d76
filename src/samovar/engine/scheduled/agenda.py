"""What waits in one partition, by time: beside memory, so that a million jobs cost little of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from samovar.broker.port import Record

_encode_headers = msgspec.msgpack.Encoder().encode
#: Kafka allows a header without a value.
_headers: Any = msgspec.msgpack.Decoder(tuple[tuple[str, bytes | None], ...])
_decode_headers = _headers.decode

#: Memory that an agenda may use, in KiB; what is more lies in SQLite's temporary file.
MEMORY_KIB = 24_576
#: Values that are taken out at a time, in bytes.
DUE_BYTES = 4_194_304
#: What was due before is due now. SQLite's largest integer: what is due later waits until then.
_EARLIEST, _LATEST = 0, 2**63 - 1


class Entry(NamedTuple):
    """A record that waits."""

    #: When it is due, seconds since the epoch.
    epoch: int
    record: Record


class Agenda:
    """The records that wait, one for each key: the last one counts. One thread may use it."""

    def __init__(self) -> None:
        # An empty name is a database of our own that ends with its connection; journal and locks
        # would only guard what nobody else sees, and what the topic can always tell again.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for line in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA locking_mode = EXCLUSIVE",
            f"PRAGMA cache_size = -{MEMORY_KIB}",
            "CREATE TABLE waiting (offset INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
            " epoch INTEGER NOT NULL, timestamp INTEGER NOT NULL, headers BLOB, value BLOB)",
            "CREATE INDEX waiting_by_epoch ON waiting (epoch)",
        ):
            self._database.execute(line)

    def __len__(self) -> int:
        return self._database.execute("SELECT count(*) FROM waiting").fetchone()[0]

    @contextmanager
    def changing(self) -> Generator[None]:
        """Several changes at once cost little more than one."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("COMMIT")

    def add(self, record: Record, epoch: int) -> None:
        """Let a record wait, in place of what waited under its key."""
        self._database.execute(
            "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?, ?)",
            (
                record.offset,
                record.key,
                max(_EARLIEST, min(epoch, _LATEST)),
                record.timestamp,
                _encode_headers(record.headers),
                record.value,
            ),
        )

    def remove(self, key: bytes) -> bool:
        """Drop what waits under a key; whether there was something."""
        return self._database.execute("DELETE FROM waiting WHERE key = ?", (key,)).rowcount > 0

    def due(self, epoch: int, limit: int) -> list[Entry]:
        """What is due by then, in the order of its times, and among equals as it was written; not
        more than `limit`, or than makes a handy size.
        """
        rows = self._database.execute(
            "SELECT epoch, offset, value, key, headers, timestamp FROM waiting"
            " WHERE epoch <= ? ORDER BY epoch, offset LIMIT ?",
            (epoch, limit),
        )
        entries: list[Entry] = []
        size = 0
        for due, offset, value, key, headers, timestamp in rows:
            record = Record(offset, value, key, _decode_headers(headers), timestamp)
            entries.append(Entry(due, record))
            size += len(value or b"")
            if size > DUE_BYTES:
                break
        rows.close()
        return entries

    def drop(self, entries: list[Entry]) -> None:
        """These have left."""
        with self.changing():
            self._database.executemany(
                "DELETE FROM waiting WHERE offset = ?", [(e.record.offset,) for e in entries]
            )

    @property
    def next_epoch(self) -> int | None:
        """When the first one is due, seconds since the epoch; None when nothing waits."""
        return self._database.execute("SELECT min(epoch) FROM waiting").fetchone()[0]

    @property
    def first_offset(self) -> int | None:
        """Where the oldest record that waits lies; None when nothing waits."""
        return self._database.execute("SELECT min(offset) FROM waiting").fetchone()[0]

    def close(self) -> None:
        """Forget everything."""
        self._database.close()
