"""One connection to the file: opened when first used, guarded by a lock, closed around a fork."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from samovar.broker.embedded.fair_lock import FairLock
from samovar.broker.embedded.faults import fault_of
from samovar.broker.embedded.schema import PATIENCE_SECONDS, connect
from samovar.errors import BrokerError, StoreError


class Store:
    """The file as one user of it sees it."""

    def __init__(self, path: Path, *, synchronous: str) -> None:
        self.path = path
        self._synchronous = synchronous
        #: Guards the connection; users may hold it for longer, and forks wait for it.
        self.lock = FairLock()
        self._connection: sqlite3.Connection | None = None
        self._connected = 0
        #: Which file the connection is open on.
        self._file: tuple[int, int] | None = None
        self._closed = False
        _guard_against_forks(self)

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Single statements; each sees the newest state.

        Raises:
            StoreError: the file cannot be used.
            BrokerUnavailableError: others kept it locked.
        """
        with self.lock:
            try:
                yield self._connection or self._connect()
            except sqlite3.ProgrammingError:
                raise  # The caller's own mistake, such as a value that is not bytes.
            except sqlite3.DatabaseError as error:
                raise fault_of(error, self.path) from error

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A transaction: all of it or, on any error, nothing of it.

        Raises:
            StoreError: the file cannot be used, or the disk is full.
            BrokerUnavailableError: others kept it locked.
        """
        with self.reading() as connection:
            try:
                _begin(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    def state(self) -> tuple[int, int]:
        """Differs from an earlier answer whenever another connection has committed since."""
        with self.reading() as connection:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return self._connected, version

    def check_place(self) -> None:
        """Make sure that the file is the one that was opened; if not, the next use opens anew.

        Raises:
            StoreError: it was deleted or replaced meanwhile.
        """
        with self.lock:
            if self._connection is None or self._file == _identity(self.path):
                return
            self._disconnect()
        raise StoreError(
            f"{self.path}: the file was deleted or replaced while it was in use. What was in it is "
            "gone from here; a new one is made. Stop all processes before you move a log."
        )

    def close(self) -> None:
        """Let go of the file for good."""
        with self.lock:
            self._closed = True
            self._disconnect()

    def before_fork(self) -> None:
        """Hold the lock, and have no connection that the child could inherit."""
        self.lock.__enter__()
        self._disconnect()

    def after_fork_in_parent(self) -> None:
        """Go on; connects anew when it needs to."""
        self.lock.__exit__()

    def after_fork_in_child(self) -> None:
        """Go on, without the threads that may have waited for the lock."""
        self.lock = FairLock()

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise BrokerError(f"{self.path}: used after close().")
        self._connection = connect(self.path, self._synchronous)
        self._file = _identity(self.path)
        self._connected += 1
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None and not self._connection.in_transaction:
            connection, self._connection = self._connection, None
            connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _begin(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            is_locked = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_locked or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.0002, 0.001))


#: Stores of this process. SQLite forbids carrying a connection over a fork: even opening a second
#: one in the child goes wrong, since SQLite believes to hold locks there that only the parent has,
#: and the last one to close elsewhere then deletes the write-ahead log under the child's feet
#: (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_stores_lock = threading.RLock()
_held: list[Store] = []
_guarded = False


def _guard_against_forks(store: Store) -> None:
    global _guarded
    with _stores_lock:
        _stores.add(store)
        if not _guarded and hasattr(os, "register_at_fork"):
            _guarded = True
            os.register_at_fork(
                before=_before_fork,
                after_in_parent=_after_fork_in_parent,
                after_in_child=_after_fork_in_child,
            )


def _before_fork() -> None:
    _stores_lock.acquire()
    for store in list(_stores):
        store.before_fork()
        _held.append(store)


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().after_fork_in_parent()
    _stores_lock.release()


def _after_fork_in_child() -> None:
    while _held:
        _held.pop().after_fork_in_child()
    _stores_lock.release()
