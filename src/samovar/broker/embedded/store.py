"""The file as one user of it sees it: a connection, guarded by a lock, and closed around a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from samovar.broker.embedded import uses
from samovar.broker.embedded.fair_lock import FairLock
from samovar.broker.embedded.file import File


class Store:
    """Any thread may use it. A use within a use of the same thread is refused, whichever log they
    are of: see `uses`.
    """

    def __init__(self, path: Path, *, synchronous: str) -> None:
        self._file = File(path, synchronous=synchronous)
        #: The file's own name, with no link in it.
        self.path = self._file.path
        self._lock = FairLock()
        _guard_against_forks(self)

    def holding(self) -> Holding:
        """A block that has the file to itself, and forks wait for it. Gives the `File`.

        Raises:
            BrokerError: this thread has interrupted a use of its own.
        """
        return Holding(self._lock, self._file)

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """See `File.reading`."""
        with self.holding() as file, file.reading() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Generator[sqlite3.Connection]:
        """See `File.writing`."""
        with self.holding() as file, file.writing(durable=durable) as connection:
            yield connection

    def state(self) -> tuple[int, int]:
        """See `File.state`."""
        with self.holding() as file:
            return file.state()

    def check_place(self) -> None:
        """See `File.check_place`."""
        with self.holding() as file:
            file.check_place()

    def close(self) -> None:
        """Let go of the file for good."""
        with self.holding() as file:
            file.close()

    def before_fork(self) -> bool:
        """Hold the lock, and have no connection that the child could inherit; False if this thread
        has the lock: it forks in the middle of a use.
        """
        if self._lock.owner == threading.get_ident():
            return False
        self._lock.acquire()
        self._file.disconnect()
        return True

    def after_fork_in_parent(self) -> None:
        """Go on; connects anew when it needs to."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on, without the threads that may have waited for the lock."""
        self._lock = FairLock()
        self._file.forked()


class Holding:
    """One use of a store, as a ``with`` block."""

    # A class, because a generator under `contextmanager` costs three times as much.
    __slots__ = ("_file", "_lock")

    def __init__(self, lock: FairLock, file: File) -> None:
        self._lock = lock
        self._file = file

    def __enter__(self) -> File:
        uses.begin()
        try:
            self._lock.acquire()
        except BaseException:
            uses.end()
            raise
        return self._file

    def __exit__(self, *_: object) -> None:
        try:
            self._lock.release()
        finally:
            uses.end()


#: Stores of this process. SQLite forbids carrying a connection over a fork: even opening a second
#: one in the child goes wrong, since SQLite believes to hold locks there that only the parent has,
#: and the last one to close elsewhere then deletes the write-ahead log under the child's feet
#: (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_stores_lock = threading.RLock()
#: Those that wait for the fork to be over.
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
    _held.extend(store for store in list(_stores) if store.before_fork())


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().after_fork_in_parent()
    _stores_lock.release()


def _after_fork_in_child() -> None:
    uses.forget()
    for store in list(_stores):
        store.after_fork_in_child()
    _held.clear()
    _stores_lock.release()
