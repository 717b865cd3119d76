"""The port's AtomicProducer on the file: one transaction, guarded by a number for each name."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.store import Store
from samovar.broker.port import NewRecord, Written
from samovar.errors import FencedError


class EmbeddedAtomicProducer:
    """Fulfils `samovar.broker.port.AtomicProducer`."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._producer = EmbeddedProducer(store, guard=self._check)
        #: How many producers of this name there were up to this one; None until it first writes.
        self._epoch: int | None = None

    def produce_atomically(self, records: Sequence[NewRecord]) -> list[Written]:
        """See the port."""
        if self._epoch is None:
            self._epoch = self._take_over()
        return self._producer.produce_sync(records)

    def close(self) -> None:
        """See the port."""
        self._producer.close(0)

    def _take_over(self) -> int:
        with self._store.writing() as connection:
            epoch = _epoch(connection, self._name) + 1
            connection.execute(
                "INSERT OR REPLACE INTO atomic_producers (name, epoch) VALUES (?, ?)",
                (self._name, epoch),
            )
        return epoch

    def _check(self, connection: sqlite3.Connection) -> None:
        if _epoch(connection, self._name) != self._epoch:
            raise FencedError(f"Another process writes as {self._name!r} now.")


def _epoch(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(
        "SELECT epoch FROM atomic_producers WHERE name = ?", (name,)
    ).fetchone()
    return row[0] if row else 0
