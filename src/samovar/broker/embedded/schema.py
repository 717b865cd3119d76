"""The file's tables, its version stamp, and the checks made before it is used."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from samovar.broker.embedded import damage, place
from samovar.broker.embedded.faults import fault_of
from samovar.errors import BrokerError, StoreError
from samovar.support import clock

#: "SMVR": says that an SQLite file is ours (https://sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x534D5652
#: How long to wait for other processes' locks.
PATIENCE_SECONDS = 30.0
#: Of this, so much is left to SQLite. It tries ever more rarely, up to ten times a second: among
#: busy writers it would come too late for seconds. `Store` goes on trying, and more often.
_SQLITE_PATIENCE_MILLISECONDS = 10

# AUTOINCREMENT: an id is never given twice, so whoever still holds the id of a deleted topic,
# partition or member finds nothing instead of somebody else's.
_FIRST = (
    "CREATE TABLE topics (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE)",
    # topic_id is NULL once the topic is deleted, until the last of its records is swept out.
    """CREATE TABLE partitions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic_id INTEGER,
        partition INTEGER NOT NULL,
        start_offset INTEGER NOT NULL DEFAULT 0,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic_id, partition))""",
    """CREATE TABLE records (
        partition_id INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        key BLOB,
        headers BLOB,
        value BLOB,
        PRIMARY KEY (partition_id, offset)) WITHOUT ROWID""",
    # The generation goes up whenever members have something to look at.
    """CREATE TABLE consumer_groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        generation INTEGER NOT NULL DEFAULT 0)""",
    # renewed is on the machine's monotonic clock; a lease runs from there.
    """CREATE TABLE members (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        group_id INTEGER NOT NULL,
        topics TEXT NOT NULL,
        bell TEXT,
        renewed REAL NOT NULL,
        lease REAL NOT NULL)""",
    # owner holds the partition now, target shall hold it: it moves when its owner lets go.
    """CREATE TABLE ownership (
        group_id INTEGER NOT NULL,
        partition_id INTEGER NOT NULL,
        owner INTEGER,
        target INTEGER,
        PRIMARY KEY (group_id, partition_id)) WITHOUT ROWID""",
    "CREATE INDEX ownership_of_partition ON ownership (partition_id)",
    """CREATE TABLE offsets (
        partition_id INTEGER NOT NULL,
        group_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (partition_id, group_id)) WITHOUT ROWID""",
)
_SECOND = (
    "ALTER TABLE topics ADD COLUMN is_dead_letter INTEGER NOT NULL DEFAULT 0",
    # Until then the name alone marked a dead letter topic.
    """UPDATE topics SET is_dead_letter = 1 WHERE substr(name, -5) = '_dead'
        AND substr(name, 1, length(name) - 5) IN (SELECT name FROM topics)""",
    # due is in nanoseconds since the epoch.
    """CREATE TABLE scheduled (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        due INTEGER NOT NULL,
        schedule_key TEXT,
        topic_id INTEGER NOT NULL,
        partition INTEGER,
        key BLOB,
        headers BLOB,
        value BLOB)""",
    "CREATE INDEX scheduled_by_due ON scheduled (due)",
    "CREATE INDEX scheduled_by_key ON scheduled (schedule_key) WHERE schedule_key IS NOT NULL",
)
_THIRD = (
    # epoch counts the atomic producers of a name; only the last one may write.
    """CREATE TABLE atomic_producers (
        name TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL) WITHOUT ROWID""",
)
_FOURTH = (
    # What a committer wants to know again beside its position.
    "ALTER TABLE offsets ADD COLUMN metadata TEXT NOT NULL DEFAULT ''",
)
#: What each version changes in the one before; a new file goes through all of them. Processes that
#: have a file open while another one renews it go on with it, so nothing they use may go away.
_VERSIONS = (_FIRST, _SECOND, _THIRD, _FOURTH)
VERSION = len(_VERSIONS)


def connect(path: Path, synchronous: str) -> sqlite3.Connection:
    """Open the log at `path`, making it if there is none.

    Raises:
        StoreError: the file cannot be used; the message says why and what to do.
        BrokerUnavailableError: other processes kept it locked.
    """
    place.check(path)
    try:
        place.make(path)
    except OSError as error:
        raise StoreError(f"{path}: the file cannot be made ({error.strerror}).") from error
    try:
        connection = sqlite3.connect(
            path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise fault_of(error, path) from error
    try:
        version = _version(connection, path)
        if version == 0:
            _switch_to_wal(connection, path)
        if version < VERSION:
            _renew(connection, path)
        damage.repair(connection, path)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # On macOS plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
        connection.execute("PRAGMA fullfsync = 1")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute(f"PRAGMA busy_timeout = {_SQLITE_PATIENCE_MILLISECONDS}")
    except sqlite3.Error as error:
        connection.close()
        raise fault_of(error, path) from error
    except BrokerError:
        connection.close()
        raise
    return connection


def empty_log() -> sqlite3.Connection:
    """A log with nothing in it, in memory, for who looks at one that nobody has made yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for changes in _VERSIONS:
        for change in changes:
            connection.execute(change)
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Which version of the tables is there; 0 is an empty file."""
    # In one statement: between two, another process may make the tables.
    application_id, version, tables = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if application_id == APPLICATION_ID:
        _check_version(version, path)
        return version
    if application_id or version or tables:
        raise StoreError(
            f"{path}: the file is not a Samovar log but another program's SQLite file "
            f"(application id {application_id:#x}, {tables} tables). Choose another path; "
            "this file was left as it is."
        )
    return 0


def _check_version(version: int, path: Path) -> None:
    if version > VERSION:
        raise StoreError(
            f"{path}: the file is from a newer Samovar (version {version}; this one knows "
            f"{VERSION}). Upgrade Samovar here, or choose another path."
        )
    if version < 1:
        raise StoreError(f"{path}: the file bears version {version}, which never was.")


def _renew(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker, so the version is asked for again.
        for changes in _VERSIONS[_version(connection, path) :]:
            for change in changes:
                connection.execute(change)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _switch_to_wal(connection: sqlite3.Connection, path: Path) -> None:
    deadline = clock.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # Two processes that switch at once get SQLITE_BUSY without any waiting.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock.monotonic() > deadline:
                raise
            clock.sleep(0.005)
    if mode != "wal":
        raise StoreError(
            f"{path}: SQLite cannot use write-ahead logging there (mode {mode!r}). "
            "Put the file on a local disk."
        )
