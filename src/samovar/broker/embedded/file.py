"""One connection to the file, used by one thread at a time: opened when first used."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from samovar.broker.embedded import place
from samovar.broker.embedded.faults import fault_of
from samovar.broker.embedded.schema import PATIENCE_SECONDS, connect
from samovar.errors import BrokerError, StoreError
from samovar.support import clock, ids


class File:
    """The connection, and which file it is open on."""

    def __init__(self, name: Path, *, synchronous: str) -> None:
        """`name` may be a link to the file.

        Raises:
            StoreError: no file can have this name.
        """
        #: A string: it is looked at before each transaction, and a path costs twice that.
        self._name = str(name)
        self.path = place.real(name)
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        #: How often it was opened.
        self._connected = 0
        self._identity: tuple[int, int] | None = None
        self._is_closed = False
        #: Whether the connection is set to wait for the disk though it need not otherwise.
        self._is_durable = False
        #: Connections of a parent process: SQLite forbids even to close them here.
        self._inherited: list[sqlite3.Connection] = []

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Single statements; each sees the newest state.

        Raises:
            StoreError: the file cannot be used.
            BrokerUnavailableError: others kept it locked.
        """
        try:
            yield self._connection or self._connect()
        except sqlite3.ProgrammingError:
            raise  # The caller's own mistake, such as a value that is not bytes.
        except sqlite3.DatabaseError as error:
            raise fault_of(error, self.path) from error

    @contextmanager
    def writing(self, *, durable: bool = False) -> Generator[sqlite3.Connection]:
        """A transaction: all of it or, on any error, nothing of it.

        With `durable` it is on the disk at the end, and so is all that was written before, even if
        this connection does not wait for the disk otherwise.

        Raises:
            StoreError: the file cannot be used, was replaced, or the disk is full.
            BrokerUnavailableError: others kept it locked.
        """
        self.check_place()
        with self.reading() as connection:
            if connection.in_transaction:
                # What an interrupted use left open; nobody else can be in the middle of one.
                connection.execute("ROLLBACK")
            if durable != self._is_durable:
                mode = "full" if durable else self._synchronous
                connection.execute(f"PRAGMA synchronous = {mode}")
                self._is_durable = durable
            _begin(connection)
            try:
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
            StoreError: it was deleted, replaced or emptied meanwhile.
        """
        if self._connection is None or place.identity(self._name) == self._identity:
            return
        self.disconnect()
        raise StoreError(
            f"{self.path}: the file was deleted, replaced or emptied while it was in use, so "
            "nothing was stored. What was in it is gone from here; the next use opens what is "
            "there then. Stop all processes before you move or restore a log."
        )

    def disconnect(self) -> None:
        """Let go of the connection, but not in the middle of a transaction."""
        if self._connection is not None and not self._connection.in_transaction:
            connection, self._connection = self._connection, None
            connection.close()

    def close(self) -> None:
        """Let go of the file for good."""
        self._is_closed = True
        self.disconnect()

    def forked(self) -> None:
        """This is a child process, which needs a connection of its own."""
        if self._connection is not None:
            self._inherited.append(self._connection)
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        if self._is_closed:
            raise BrokerError(f"{self.path}: used after close().")
        self._connection = connect(self.path, self._synchronous)
        self._is_durable = False
        self._identity = place.identity(str(self.path))
        self._connected += 1
        return self._connection


def _begin(connection: sqlite3.Connection) -> None:
    deadline = clock.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            is_locked = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_locked or clock.monotonic() > deadline:
                raise
        clock.sleep(ids.uniform(0.0002, 0.001))
