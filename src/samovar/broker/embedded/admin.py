"""Looking at and changing topics and groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Literal

from samovar.broker import topic_names
from samovar.broker.embedded import groups, log
from samovar.broker.embedded.schema import empty_log
from samovar.broker.embedded.store import Store
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import Waker
from samovar.broker.port import (
    Commit,
    Record,
    TopicPartition,
    TopicSpec,
    TopicState,
    Watermarks,
)
from samovar.errors import ArgumentError, BrokerError, ConfigurationError, UnknownTopicError
from samovar.support import clock

#: What to do instead.
NO_SHARE_GROUPS = (
    "share_group needs Kafka, the embedded log has no share groups; leave it out, or take "
    "ordering='none', which performs the jobs of a partition side by side there."
)


class EmbeddedAdmin:
    """Fulfils `samovar.broker.port.Admin`."""

    def __init__(self, store: Store) -> None:
        # Its lock guards the waker too.
        self._store = store
        self._waker = Waker(WakeDirectory(store.path))

    def topics(self, names: Collection[str] | None = None) -> dict[str, int]:
        """Name of each topic, or of each of these, and its number of partitions."""
        with self._looking() as connection:
            if names is not None:
                counted = ((name, _count(connection, name)) for name in names)
                return {name: count for name, count in counted if count}
            return {name: len(ids) for name, ids in log.partition_ids(connection).items()}

    def dead_letter_topics(self) -> frozenset[str]:
        """Names of those that were created as dead letter topics."""
        with self._looking() as connection:
            rows = connection.execute("SELECT name FROM topics WHERE is_dead_letter")
            return frozenset(name for (name,) in rows)

    def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create those that do not exist; replication and Kafka's settings mean nothing here."""
        for spec in specs:
            if not topic_names.is_legal(spec.name):
                raise ArgumentError(
                    f"{spec.name!r:.80} cannot be the name of a topic: expected 1 to 249 letters, "
                    "digits, dots, dashes or underscores."
                )
            if spec.partitions < 1:
                raise ArgumentError(f"Topic {spec.name!r} needs at least one partition.")
        with self._store.writing() as connection:
            created = [spec.name for spec in specs if _create(connection, spec)]
            if created:
                groups.replan_all(connection)
        if created:
            self._wake()
        return created

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        """What these topics are like; those that do not exist are absent."""
        return {name: TopicState(partitions=count) for name, count in self.topics(names).items()}

    def set_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Nothing: topics have no settings here."""

    def add_partitions(self, topic: str, total: int) -> None:
        """Let the topic have `total` partitions; it never has fewer than before.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        with self._store.writing() as connection:
            present = len(self._partition_ids(connection, topic))
            _add_partitions(connection, topic, range(present, total))
            groups.replan_all(connection)
        self._wake()

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics and all their records; names that do not exist are passed over."""
        with self._store.writing() as connection:
            for name in names:
                _delete(connection, name)
            groups.replan_all(connection)
        self._wake()
        log.sweep(self._store)

    def forget_group(self, group: str) -> None:
        """Drop what the group has committed; it then no longer keeps records from being trimmed."""
        with self._store.writing() as connection:
            connection.execute(
                "DELETE FROM offsets WHERE group_id ="
                " (SELECT id FROM consumer_groups WHERE name = ?)",
                (group,),
            )

    def watermarks(self, topic: str) -> dict[TopicPartition, Watermarks]:
        """The offsets each partition of the topic spans.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        with self._looking() as connection:
            self._partition_ids(connection, topic)
            rows = connection.execute(
                "SELECT partition, start_offset, next_offset FROM partitions"
                " JOIN topics ON topics.id = topic_id WHERE name = ? ORDER BY partition",
                (topic,),
            )
            return {TopicPartition(topic, p): Watermarks(low, high) for p, low, high in rows}

    def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """What the group has committed; partitions without a commit are absent."""
        return {source: commit.position for source, commit in self.commits(group, topic).items()}

    def commits(self, group: str, topic: str) -> dict[TopicPartition, Commit]:
        """The same, with the text that was committed beside each position."""
        with self._looking() as connection:
            rows = connection.execute(
                "SELECT partition, position, metadata FROM offsets"
                " JOIN partitions ON partitions.id = partition_id"
                " JOIN topics ON topics.id = topic_id"
                " JOIN consumer_groups ON consumer_groups.id = group_id"
                " WHERE topics.name = ? AND consumer_groups.name = ? ORDER BY partition",
                (topic, group),
            )
            return {
                TopicPartition(topic, partition): Commit(position, metadata)
                for partition, position, metadata in rows
            }

    def commit(self, group: str, commits: Mapping[TopicPartition, Commit]) -> None:
        """Commit in the name of a group that has no members; what all have done with is deleted.

        Raises:
            UnknownTopicError: there is no such topic or partition.
            BrokerError: the group has members.
        """
        with self._store.writing() as connection:
            ids = {self._partition_id(connection, source): c for source, c in commits.items()}
            group_id = groups.group_id(connection, group)
            if not groups.commit_without_members(connection, group_id, ids):
                raise BrokerError(f"The group {group!r} has members, whose own commits count.")
        for partition_id in ids:
            while log.trim(self._store, partition_id):
                continue

    def read(self, source: TopicPartition, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on, outside any group.

        Raises:
            UnknownTopicError: there is no such topic or partition.
        """
        with self._looking() as connection:
            return log.read(connection, self._partition_id(connection, source), offset, limit)

    def readers(self, topics: Collection[str]) -> dict[str, frozenset[str]]:
        """The groups that have members who read these topics now, by topic."""
        with self._looking() as connection:
            found = groups.readers(connection, clock.monotonic())
        return {topic: found[topic] for topic in topics if topic in found}

    def share_group(self, group: str, initial_offset: Literal["earliest", "latest"]) -> float:
        """Refused: there are no share groups here."""
        raise ConfigurationError(NO_SHARE_GROUPS)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()
        self._waker.close()

    @contextmanager
    def _looking(self) -> Generator[sqlite3.Connection]:
        """As `reading`, but a file that is not there is not made: it is seen as an empty log."""
        path = self._store.path
        if path.exists() or not path.parent.is_dir():
            with self._store.reading() as connection:
                yield connection
        else:
            with closing(empty_log()) as connection:
                yield connection

    def _partition_ids(self, connection: sqlite3.Connection, topic: str) -> list[int]:
        partition_ids = log.partition_ids(connection).get(topic)
        if partition_ids is None:
            raise UnknownTopicError(f"There is no topic {topic!r} in {self._store.path}.")
        return partition_ids

    def _partition_id(self, connection: sqlite3.Connection, source: TopicPartition) -> int:
        partition_ids = self._partition_ids(connection, source.topic)
        if not 0 <= source.partition < len(partition_ids):
            raise UnknownTopicError(
                f"Topic {source.topic!r} has no partition {source.partition}; "
                f"it has {len(partition_ids)}."
            )
        return partition_ids[source.partition]

    def _wake(self) -> None:
        with self._store.holding():
            self._waker.wake()


def _count(connection: sqlite3.Connection, topic: str) -> int:
    """How many partitions a topic has; 0 when it is not there."""
    return connection.execute(
        "SELECT count(*) FROM partitions WHERE topic_id = (SELECT id FROM topics WHERE name = ?)",
        (topic,),
    ).fetchone()[0]


def _create(connection: sqlite3.Connection, spec: TopicSpec) -> bool:
    cursor = connection.execute(
        "INSERT OR IGNORE INTO topics (name, is_dead_letter) VALUES (?, ?)",
        (spec.name, spec.is_dead_letter),
    )
    if cursor.rowcount == 0:
        return False
    _add_partitions(connection, spec.name, range(spec.partitions))
    return True


def _add_partitions(connection: sqlite3.Connection, topic: str, numbers: range) -> None:
    connection.executemany(
        "INSERT INTO partitions (topic_id, partition) SELECT id, ? FROM topics WHERE name = ?",
        [(number, topic) for number in numbers],
    )


def _delete(connection: sqlite3.Connection, topic: str) -> None:
    row = connection.execute("SELECT id FROM topics WHERE name = ?", (topic,)).fetchone()
    if row is None:
        return
    connection.execute(
        "DELETE FROM offsets WHERE partition_id IN (SELECT id FROM partitions WHERE topic_id = ?)",
        row,
    )
    connection.execute("DELETE FROM scheduled WHERE topic_id = ?", row)
    connection.execute("UPDATE partitions SET topic_id = NULL WHERE topic_id = ?", row)
    connection.execute("DELETE FROM topics WHERE id = ?", row)
