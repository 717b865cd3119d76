"""One member of a group: it shows that it is alive, and follows the group's assignment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from samovar.broker.embedded import groups
from samovar.broker.embedded.store import Store
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import WakePipe, Waker
from samovar.broker.port import Commit
from samovar.support import clock

#: How often a member shows that it is alive, and looks at the others, in seconds.
TICK_SECONDS = 0.25


class Changes(NamedTuple):
    """What a member has to do to follow the assignment."""

    #: The generation of the group that this follows from.
    generation: int
    #: Whether others have removed us from the group; then everything held is lost.
    is_removed: bool
    #: Held, but taken away already.
    lost: set[int]
    #: Held, but meant for others.
    to_release: set[int]
    #: Whether something free waits for us.
    to_claim: bool


class Membership:
    """Belongs to one consumer and is used by its thread only."""

    def __init__(
        self, store: Store, group: str, lease: float, *, begins_at_end: bool = False
    ) -> None:
        self._store = store
        self._begins_at_end = begins_at_end
        self._group = group
        self._lease = lease
        self._directory = WakeDirectory(store.path)
        self._waker = Waker(self._directory)
        self.pipe = WakePipe(self._directory)
        self._group_id = 0
        self._id: int | None = None
        self._renewed = 0.0
        self._generation: int | None = None
        self.next_tick = 0.0

    @property
    def has_joined(self) -> bool:
        return self._id is not None

    def join(self, topics: Sequence[str]) -> None:
        """Become a member, and remove dead members."""
        self._directory.remove_abandoned()
        if self.pipe.name is None or self._directory.is_abandoned(self.pipe.name):
            self.pipe.close()
            self.pipe = WakePipe(self._directory)
        now = clock.monotonic()
        with self._store.writing() as connection:
            self._group_id = groups.group_id(connection, self._group)
            dead = self._dead(groups.members(connection, self._group_id), now, by_lease=True)
            if dead:
                groups.remove(connection, self._group_id, dead)
            self._id = groups.join(
                connection,
                self._group_id,
                topics,
                pipe=self.pipe.name,
                now=now,
                lease=self._lease,
            )
        self._renewed = now
        self._generation = None
        self.next_tick = now + TICK_SECONDS
        self._waker.wake()

    def change_topics(self, topics: Sequence[str]) -> None:
        """Subscribe to other topics; what follows comes as `changes`."""
        with self._store.writing() as connection:
            groups.change_topics(connection, self._group_id, self._member, topics)
        self._waker.wake()

    def look_after(self, *, durable: bool = False) -> None:
        """Show that we are alive, and remove members that are not. With `durable` all that was
        committed is then on the disk.
        """
        now = clock.monotonic()
        self.next_tick = now + TICK_SECONDS
        idle = now - self._renewed
        with self._store.reading() as connection:
            others = groups.members(connection, self._group_id)
        # A member that is late itself removes nobody: the whole machine may have been suspended.
        dead = self._dead(others, now, by_lease=idle < self._lease / 2)
        if not dead and not durable and idle < self._lease / 4:
            return
        with self._store.writing(durable=durable) as connection:
            if groups.renew(connection, self._member, now) and dead:
                groups.remove(connection, self._group_id, dead)
        self._renewed = now
        if dead:
            self._directory.remove_abandoned()
            self._waker.wake()

    def changes(self, held: Collection[int]) -> Changes | None:
        """What to do, or None when nothing has changed since the last `acted`."""
        with self._store.reading() as connection:
            generation, is_member = groups.generation(connection, self._group_id, self._member)
            if generation == self._generation:
                return None
            owned_or_meant = groups.ownerships(connection, self._group_id, self._member)
        owned = {o.partition_id for o in owned_or_meant if o.owner == self._id}
        meant = {o.partition_id for o in owned_or_meant if o.target == self._id}
        taken = {o.partition_id for o in owned_or_meant if o.owner not in (None, self._id)}
        return Changes(
            generation=generation,
            is_removed=not is_member,
            lost=set(held) - owned,
            to_release=owned - meant,
            # Owned but not held is what an interrupted claim leaves behind.
            to_claim=bool(meant - taken - set(held)),
        )

    def acted(self, changes: Changes) -> None:
        """These changes were made; do not return them again."""
        self._generation = changes.generation
        if changes.is_removed:
            self._id = None

    def commit(self, positions: Mapping[int, Commit]) -> None:
        """Write the positions of those partitions that are still ours."""
        with self._store.writing() as connection:
            written = groups.commit(connection, self._group_id, self._member, positions)
        if written < len(positions):
            self._generation = None

    def release(self, partition_ids: Collection[int], positions: Mapping[int, Commit]) -> None:
        """Commit and release, in one transaction."""
        with self._store.writing() as connection:
            groups.commit(connection, self._group_id, self._member, positions)
            groups.release(connection, self._group_id, self._member, partition_ids)
        self._waker.wake()

    def claim(self, held: Collection[int]) -> list[groups.Claim]:
        """Take what is assigned to us and free."""
        with self._store.writing() as connection:
            return groups.claim(
                connection, self._group_id, self._member, held, begins_at_end=self._begins_at_end
            )

    def leave(self, positions: Mapping[int, Commit]) -> None:
        """Commit, release everything and leave the group."""
        with self._store.writing() as connection:
            groups.commit(connection, self._group_id, self._member, positions)
            groups.leave(connection, self._group_id, self._member)
        self._id = None
        self._waker.wake()

    @property
    def claim_to_commit(self) -> tuple[int, int] | None:
        """The group and the member by their ids; None while it has not joined."""
        return None if self._id is None else (self._group_id, self._id)

    def wake(self) -> None:
        """Wake every consumer."""
        self._waker.wake()

    def close(self) -> None:
        """Remove the wake pipe."""
        self.pipe.close()
        self._waker.close()

    @property
    def _member(self) -> int:
        assert self._id is not None
        return self._id

    def _dead(
        self, members: list[groups.Member], now: float, *, by_lease: bool
    ) -> list[groups.Member]:
        return [
            member
            for member in members
            if member.id != self._id
            and (
                (by_lease and member.is_overdue(now))
                or (member.pipe is not None and self._directory.is_abandoned(member.pipe))
            )
        ]
