"""Members of groups and what they hold: queries on the tables, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from samovar.broker.embedded.assignment import Partition, assign
from samovar.broker.port import Commit, TopicPartition


class Member(NamedTuple):
    """A member as the others see it."""

    id: int
    pipe: str | None
    #: When it last showed itself, and for how long that counts, on the monotonic clock.
    renewed: float
    lease: float

    def is_overdue(self, now: float) -> bool:
        # A time far in the future was written before the machine was restarted.
        return abs(now - self.renewed) > self.lease


class Ownership(NamedTuple):
    """Which member holds a partition, and which one shall hold it."""

    partition_id: int
    owner: int | None
    target: int | None


class Claim(NamedTuple):
    """A partition that was assigned to a member."""

    partition_id: int
    source: TopicPartition
    #: The next record to read, and the end as it was.
    position: int
    end: int


def group_id(connection: sqlite3.Connection, name: str) -> int:
    """The group's id; makes the group if there is none."""
    connection.execute("INSERT OR IGNORE INTO consumer_groups (name) VALUES (?)", (name,))
    row = connection.execute("SELECT id FROM consumer_groups WHERE name = ?", (name,)).fetchone()
    return row[0]


def generation(connection: sqlite3.Connection, group: int, member: int) -> tuple[int, bool]:
    """A number that changes when the member's assignment may have changed; and whether it still is
    a member.
    """
    row = connection.execute(
        "SELECT generation, EXISTS (SELECT 1 FROM members WHERE id = ?)"
        " FROM consumer_groups WHERE id = ?",
        (member, group),
    ).fetchone()
    return (row[0], bool(row[1])) if row is not None else (-1, False)  # it was another file


def members(connection: sqlite3.Connection, group: int) -> list[Member]:
    """All members, dead or alive."""
    rows = connection.execute(
        "SELECT id, bell, renewed, lease FROM members WHERE group_id = ?", (group,)
    )
    return [Member(*row) for row in rows]


def readers(connection: sqlite3.Connection, now: float) -> dict[str, frozenset[str]]:
    """The groups whose living members read a topic, by topic."""
    rows = connection.execute(
        "SELECT name, topics, members.id, bell, renewed, lease FROM members"
        " JOIN consumer_groups ON consumer_groups.id = group_id"
    )
    found: dict[str, frozenset[str]] = {}
    for group, topics, *member in rows:
        if not Member(*member).is_overdue(now):
            for topic in json.loads(topics):
                found[topic] = found.get(topic, frozenset()) | {group}
    return found


def ownerships(connection: sqlite3.Connection, group: int, member: int) -> list[Ownership]:
    """What the member holds or shall hold."""
    rows = connection.execute(
        "SELECT partition_id, owner, target FROM ownership"
        " WHERE group_id = ? AND (owner = ? OR target = ?)",
        (group, member, member),
    )
    return [Ownership(*row) for row in rows]


def join(
    connection: sqlite3.Connection,
    group: int,
    topics: Iterable[str],
    *,
    pipe: str | None,
    now: float,
    lease: float,
) -> int:
    """Add a member and return its id."""
    cursor = connection.execute(
        "INSERT INTO members (group_id, topics, bell, renewed, lease) VALUES (?, ?, ?, ?, ?)",
        (group, json.dumps(list(topics)), pipe, now, lease),
    )
    replan(connection, group)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def change_topics(
    connection: sqlite3.Connection, group: int, member: int, topics: Iterable[str]
) -> None:
    """Change the topics that the member subscribes to."""
    connection.execute(
        "UPDATE members SET topics = ? WHERE id = ?", (json.dumps(list(topics)), member)
    )
    replan(connection, group)


def renew(connection: sqlite3.Connection, member: int, now: float) -> bool:
    """Show that the member is alive; False when it was removed."""
    cursor = connection.execute("UPDATE members SET renewed = ? WHERE id = ?", (now, member))
    return cursor.rowcount == 1


def remove(connection: sqlite3.Connection, group: int, gone: Iterable[Member]) -> None:
    """Remove members, unless they have shown since that they are alive."""
    for member in gone:
        connection.execute(
            "DELETE FROM members WHERE id = ? AND renewed = ?", (member.id, member.renewed)
        )
    replan(connection, group)


def leave(connection: sqlite3.Connection, group: int, member: int) -> None:
    """Remove this member."""
    connection.execute("DELETE FROM members WHERE id = ?", (member,))
    replan(connection, group)


def release(
    connection: sqlite3.Connection, group: int, member: int, partition_ids: Iterable[int]
) -> None:
    """Release partitions, so that the members they are meant for can claim them."""
    connection.executemany(
        "UPDATE ownership SET owner = NULL WHERE group_id = ? AND owner = ? AND partition_id = ?",
        [(group, member, partition_id) for partition_id in partition_ids],
    )
    connection.execute(
        "DELETE FROM ownership WHERE group_id = ? AND owner IS NULL AND target IS NULL", (group,)
    )
    _raise_generation(connection, group)


def claim(
    connection: sqlite3.Connection,
    group: int,
    member: int,
    held: Collection[int],
    *,
    begins_at_end: bool = False,
) -> list[Claim]:
    """Take those partitions that are meant for the member, free, and not yet `held` by it."""
    if begins_at_end:
        begin_at_end(connection, group, _meant(connection, group, member))
    rows = connection.execute(
        """
        SELECT partitions.id, name, partition, coalesce(position, start_offset), next_offset
        FROM ownership
            JOIN partitions ON partitions.id = ownership.partition_id
            JOIN topics ON topics.id = topic_id
            LEFT JOIN offsets USING (partition_id, group_id)
        WHERE group_id = ? AND target = ? AND (owner IS NULL OR owner = target)
        ORDER BY partitions.id
        """,
        (group, member),
    ).fetchall()
    connection.execute(
        "UPDATE ownership SET owner = target WHERE group_id = ? AND target = ? AND owner IS NULL",
        (group, member),
    )
    return [
        Claim(partition_id, TopicPartition(topic, partition), position, end)
        for partition_id, topic, partition, position, end in rows
        if partition_id not in held
    ]


def claim_outside(
    connection: sqlite3.Connection, group: int, partition_ids: Collection[int]
) -> list[Claim]:
    """The group's positions in these partitions, for a reader that is no member. They are
    committed, so that what it has not read yet is kept.
    """
    numbers = json.dumps(list(partition_ids))
    connection.execute(
        """
        INSERT OR IGNORE INTO offsets (partition_id, group_id, position)
        SELECT id, ?, start_offset FROM partitions
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (group, numbers),
    )
    rows = connection.execute(
        """
        SELECT partitions.id, name, partition, max(position, start_offset), next_offset
        FROM partitions
            JOIN topics ON topics.id = topic_id
            JOIN offsets ON offsets.partition_id = partitions.id AND group_id = ?
        WHERE partitions.id IN (SELECT value FROM json_each(?))
        ORDER BY partitions.id
        """,
        (group, numbers),
    )
    return [
        Claim(partition_id, TopicPartition(topic, partition), position, end)
        for partition_id, topic, partition, position, end in rows
    ]


def begin_at_end(
    connection: sqlite3.Connection, group: int, partition_ids: Collection[int]
) -> None:
    """Let the group begin at the end of partitions for which it has committed nothing. This is
    committed, so that nothing is lost if the member ends before its first own commit.
    """
    connection.execute(
        """
        INSERT OR IGNORE INTO offsets (partition_id, group_id, position)
        SELECT id, ?, next_offset FROM partitions
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (group, json.dumps(list(partition_ids))),
    )


def _meant(connection: sqlite3.Connection, group: int, member: int) -> list[int]:
    rows = connection.execute(
        "SELECT partition_id FROM ownership WHERE group_id = ? AND target = ?"
        " AND (owner IS NULL OR owner = target)",
        (group, member),
    )
    return [partition_id for (partition_id,) in rows]


def commit(
    connection: sqlite3.Connection, group: int, member: int, positions: Mapping[int, Commit]
) -> int:
    """Write the positions of those partitions that the member still owns; how many those are. None
    goes back: what an atomic producer has committed is not undone by an older position.
    """
    # CROSS: SQLite keeps this order, and looks up a row for each position instead of all it owns.
    cursor = connection.execute(
        """
        INSERT INTO offsets (partition_id, group_id, position, metadata)
        SELECT partition_id, group_id,
            json_extract(wanted.value, '$[1][0]'), json_extract(wanted.value, '$[1][1]')
        FROM json_each(?) AS wanted
            CROSS JOIN ownership ON partition_id = json_extract(wanted.value, '$[0]')
        WHERE group_id = ? AND owner = ?
        ON CONFLICT (partition_id, group_id)
            DO UPDATE SET
                metadata = iif(excluded.position < position, metadata, excluded.metadata),
                position = max(excluded.position, position)
        """,
        (json.dumps(list(positions.items())), group, member),
    )
    return cursor.rowcount


def commit_without_members(
    connection: sqlite3.Connection, group: int, commits: Mapping[int, Commit]
) -> bool:
    """Commit these positions, by the partition's id; False if the group has members."""
    if members(connection, group):
        return False
    connection.executemany(
        "INSERT OR REPLACE INTO offsets (partition_id, group_id, position, metadata)"
        " VALUES (?, ?, ?, ?)",
        [(partition_id, group, *commit) for partition_id, commit in commits.items()],
    )
    return True


def commits(
    connection: sqlite3.Connection, group: str, partition_ids: Iterable[int]
) -> dict[int, Commit]:
    """What the group has committed for these partitions."""
    rows = connection.execute(
        "SELECT partition_id, position, metadata FROM offsets"
        " JOIN consumer_groups ON consumer_groups.id = group_id"
        " WHERE name = ? AND partition_id IN (SELECT value FROM json_each(?))",
        (group, json.dumps(list(partition_ids))),
    )
    return {partition_id: Commit(*rest) for partition_id, *rest in rows}


def replan(connection: sqlite3.Connection, group: int) -> None:
    """Assign the group's partitions to its members; each follows when it next looks."""
    wants: dict[int, frozenset[str]] = {
        member: frozenset(json.loads(topics))
        for member, topics in connection.execute(
            "SELECT id, topics FROM members WHERE group_id = ?", (group,)
        )
    }
    partitions = [
        Partition(*row)
        for row in connection.execute(
            "SELECT partitions.id, name FROM partitions JOIN topics ON topics.id = topic_id"
        )
    ]
    before = [
        Ownership(*row)
        for row in connection.execute(
            "SELECT partition_id, owner, target FROM ownership WHERE group_id = ?", (group,)
        )
    ]
    owners = {s.partition_id: s.owner for s in before if s.owner in wants}
    awaited = {s.partition_id: s.target for s in before if s.target in wants}
    holders = {**awaited, **owners}
    plan = assign(wants, partitions, holders)
    existing = {partition.id for partition in partitions}
    connection.execute("DELETE FROM ownership WHERE group_id = ?", (group,))
    connection.executemany(
        "INSERT INTO ownership (group_id, partition_id, owner, target) VALUES (?, ?, ?, ?)",
        [
            (group, partition_id, owners.get(partition_id), plan.get(partition_id))
            for partition_id in sorted(existing & (plan.keys() | owners.keys()))
        ],
    )
    _raise_generation(connection, group)


def replan_all(connection: sqlite3.Connection) -> None:
    """`replan` for every group that has members, after topics were added or deleted."""
    rows = connection.execute("SELECT DISTINCT group_id FROM members").fetchall()
    for (group,) in rows:
        replan(connection, group)


def _raise_generation(connection: sqlite3.Connection, group: int) -> None:
    connection.execute(
        "UPDATE consumer_groups SET generation = generation + 1 WHERE id = ?", (group,)
    )
