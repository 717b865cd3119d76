"""The port's AtomicProducer on the file: one transaction, guarded by a number for each name."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import cast

from samovar.broker.embedded import groups, log, uses
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.store import Store
from samovar.broker.port import NO_MARKS, Commit, NewRecord, TopicPartition, Written
from samovar.errors import AssignmentLostError, FencedError


class EmbeddedAtomicProducer:
    """Fulfils `samovar.broker.port.AtomicProducer`."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._producer = EmbeddedProducer(store, guard=self._check)
        #: Counts the producers of this name, this one included; None until it first writes.
        self._epoch: int | None = None
        #: What the running call commits, and for whom.
        self._marks: Mapping[TopicPartition, int] = NO_MARKS
        self._member: object = None

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        """See the port."""
        uses.check()  # before anything here is changed
        if self._epoch is None:
            self._epoch = self._take_over()
        self._marks, self._member = marks, member
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
        if self._marks:
            self._commit(connection)

    def _commit(self, connection: sqlite3.Connection) -> None:
        """Commit the marks, in the transaction that stores the records."""
        ids = log.partition_ids(connection)
        commits = {
            ids[source.topic][source.partition]: Commit(offset)
            for source, offset in self._marks.items()
        }
        member = cast(tuple[int, int] | None, self._member)
        written = 0 if member is None else groups.commit(connection, *member, commits)
        if written < len(commits):
            raise AssignmentLostError(
                "This member no longer holds the partitions to be committed; nothing is stored."
            )


def _epoch(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(
        "SELECT epoch FROM atomic_producers WHERE name = ?", (name,)
    ).fetchone()
    return row[0] if row else 0
