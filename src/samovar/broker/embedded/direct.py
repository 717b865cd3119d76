"""A reader that is no member: it reads the partitions that `assign` named, whoever else reads them.

It has the interface of `Membership`, so a consumer need not know which one it has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from samovar.broker.embedded import groups, log
from samovar.broker.embedded.membership import TICK_SECONDS, Changes
from samovar.broker.embedded.store import Store
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import WakePipe, Waker
from samovar.broker.port import Commit, TopicPartition
from samovar.errors import BrokerError
from samovar.support import clock


class Direct:
    """Belongs to one consumer and is used by its thread only."""

    def __init__(self, store: Store, group: str, *, begins_at_end: bool = False) -> None:
        self._store = store
        self._group = group
        self._begins_at_end = begins_at_end
        directory = WakeDirectory(store.path)
        self._waker = Waker(directory)
        self.pipe = WakePipe(directory)
        self._group_id: int | None = None
        self._sources: frozenset[TopicPartition] = frozenset()
        #: What was committed last.
        self._committed: dict[int, Commit] = {}
        self.next_tick = 0.0

    @property
    def has_joined(self) -> bool:
        return self._group_id is not None

    def want(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these from now on."""
        self._sources = frozenset(partitions)

    def join(self, topics: Sequence[str]) -> None:
        """Find the group whose positions are used."""
        with self._store.writing() as connection:
            self._group_id = groups.group_id(connection, self._group)

    def change_topics(self, topics: Sequence[str]) -> None:
        """Nothing follows from topics here."""

    def look_after(self, *, durable: bool = False) -> None:
        """Look again soon: a topic may have been made since. With `durable` all that was committed
        is on the disk then.
        """
        self.next_tick = clock.monotonic() + TICK_SECONDS
        if durable:
            wanted = self._wanted_ids()
            again = {i: commit for i, commit in self._committed.items() if i in wanted}
            self._committed.clear()
            self._commit(again, durable=True)

    def changes(self, held: Collection[int]) -> Changes | None:
        """What is to be done, or None when we hold what we want."""
        wanted = self._wanted_ids()
        if wanted == set(held):
            return None
        with self._store.reading() as connection:
            there = {i for ids in log.partition_ids(connection).values() for i in ids}
        return Changes(
            generation=0,
            is_removed=False,
            lost=set(held) - there,
            to_release=(set(held) & there) - wanted,
            to_claim=bool(wanted - set(held)),
        )

    def acted(self, changes: Changes) -> None:
        """These were followed."""

    def commit(self, positions: Mapping[int, Commit]) -> None:
        """Write the positions.

        Raises:
            BrokerError: the group has members, whose own commits count.
        """
        self._commit(positions)
        self._committed.update(positions)

    def _commit(self, positions: Mapping[int, Commit], *, durable: bool = False) -> None:
        assert self._group_id is not None
        with self._store.writing(durable=durable) as connection:
            if groups.commit_without_members(connection, self._group_id, positions):
                return
        raise BrokerError(
            f"The group {self._group!r} has members; what is assigned partitions needs a "
            f"consumer group of its own."
        )

    def release(self, partition_ids: Collection[int], positions: Mapping[int, Commit]) -> None:
        """Commit; there is nobody to let go for."""
        self.commit(positions)

    def claim(self, held: Collection[int]) -> list[groups.Claim]:
        """Take what we want and do not hold."""
        assert self._group_id is not None
        new = self._wanted_ids() - set(held)
        with self._store.writing() as connection:
            if self._begins_at_end:
                groups.begin_at_end(connection, self._group_id, new)
            return groups.claim_outside(connection, self._group_id, new)

    def leave(self, positions: Mapping[int, Commit]) -> None:
        """Commit."""
        self.commit(positions)
        self._group_id = None

    def wake(self) -> None:
        """Wake every consumer."""
        self._waker.wake()

    def close(self) -> None:
        """Remove the wake pipe."""
        self.pipe.close()
        self._waker.close()

    def _wanted_ids(self) -> set[int]:
        with self._store.reading() as connection:
            ids = log.partition_ids(connection)
        return {
            ids[topic][partition]
            for topic, partition in self._sources
            if partition < len(ids.get(topic, ()))
        }
