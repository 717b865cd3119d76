"""What SQLite's errors mean to whoever runs the embedded log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from samovar.errors import BrokerError, BrokerUnavailableError, RecordTooLargeError, StoreError

_KEPT = "nothing of what was already stored is lost"

#: Primary result codes (https://sqlite.org/rescode.html) and what to say about them.
_STORE_FAULTS = {
    sqlite3.SQLITE_FULL: f"the disk is full; {_KEPT}. Free some space, then go on",
    sqlite3.SQLITE_IOERR: f"the disk refused to read or write (is it full or failing?); {_KEPT}",
    sqlite3.SQLITE_READONLY: "the file is read-only. Grant this user the right to write it",
    sqlite3.SQLITE_PERM: "access was denied. Grant this user the right to read and write it",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened. Check that its directory exists and that "
    "this user may write there (SQLite puts -wal and -shm files beside it)",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Stop all processes, keep a copy, and restore a "
    "backup or salvage it with `sqlite3 FILE .recover`",
    sqlite3.SQLITE_NOTADB: "the file is not a Samovar log (not even an SQLite file). "
    "Choose another path; this file was left as it is",
}
_WAITED_TOO_LONG = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def fault_of(error: sqlite3.Error, path: Path) -> BrokerError:
    """The error to raise from this one."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _WAITED_TOO_LONG:
        return BrokerUnavailableError(
            f"{path}: another process has kept the file locked for too long ({error}). "
            "Trying again may help; look for a stopped process that has it open."
        )
    if code == sqlite3.SQLITE_TOOBIG:
        return RecordTooLargeError(f"{path}: a record is larger than SQLite can keep ({error}).")
    advice = _STORE_FAULTS.get(code, "the file cannot be used")
    return StoreError(f"{path}: {advice} (SQLite: {error}).")
