"""Reading as a member of a group."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from samovar.broker.embedded import groups, schedule
from samovar.broker.embedded.direct import Direct
from samovar.broker.embedded.held import HeldPartitions
from samovar.broker.embedded.housekeeping import Housekeeping
from samovar.broker.embedded.membership import Membership
from samovar.broker.embedded.store import Store
from samovar.broker.port import (
    LEAVE_SECONDS,
    NO_METADATA,
    Batch,
    Commit,
    RebalanceListener,
    TopicPartition,
)
from samovar.errors import BrokerError
from samovar.support import clock

#: How long a consumer ignores its wake pipe after it was woken for nothing, in seconds.
_REST_SECONDS = 0.002
#: What is stored is committed about this often, in seconds.
PACE_SECONDS = 0.02


class EmbeddedConsumer:
    """Fulfils `samovar.broker.port.Consumer`."""

    def __init__(
        self,
        store: Store,
        group: str,
        *,
        commit_interval: float,
        lease: float,
        begins_at_end: bool = False,
        is_durable: bool = True,
    ) -> None:
        """`begins_at_end`: where the group has committed nothing, only what is written from now
        on is read. `is_durable`: what was committed is on the disk after `commit_interval`.
        """
        self._store = store
        self._begins_at_end = begins_at_end
        self._group = group
        self._commit_interval = commit_interval
        self._lease = lease
        self._process = os.getpid()
        self._topics: Sequence[str] = ()
        self._listener: RebalanceListener | None = None
        self._membership: Membership | Direct | None = None
        self._held = HeldPartitions()
        self._stored: dict[TopicPartition, Commit] = {}
        self._commit_due = 0.0
        #: Whether a loss of power may take back what was committed; and since when it would not.
        self._is_durable = is_durable
        self._settle_due = 0.0
        #: Partitions whose positions were committed since.
        self._committed: set[int] = set()
        self._housekeeping = Housekeeping(store)
        #: When the next scheduled record of the file is due, nanoseconds since the epoch.
        self._next_due: int | None = None
        self._seen: tuple[int, int] | None = None
        self._woken = False
        #: Whether the last sleep was ended by the wake pipe, and nothing to read came since.
        self._was_woken = False

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group for these topics, at the first `poll`; again, and they are changed."""
        self._topics = tuple(topics)
        self._listener = listener
        if self._membership is None:
            self._membership = Membership(
                self._store, self._group, self._lease, begins_at_end=self._begins_at_end
            )
        elif self._membership.has_joined:
            self._membership.change_topics(self._topics)

    def assign(self, partitions: Sequence[TopicPartition], listener: RebalanceListener) -> None:
        """Read these partitions outside the group, from where it has come to."""
        self._listener = listener
        if self._membership is None:
            self._membership = Direct(self._store, self._group, begins_at_end=self._begins_at_end)
        if isinstance(self._membership, Direct):
            self._membership.want(partitions)

    def poll(self, max_records: int, timeout: float) -> list[Batch]:
        """Wait up to `timeout` seconds for a first record, then take up to `max_records`."""
        member = self._usable()
        deadline = clock.monotonic() + timeout
        while True:
            news = self._has_news()
            now = clock.monotonic()
            has_moved = self._follow_plan(member, now, news)
            if self._stored and now >= self._commit_due:
                self._commit_stored(member, now)
            if news:
                self._look()
            if self._next_due is not None and self._next_due <= clock.now_ns():
                self._move_due(member)
            batches = self._fetch(max_records)
            self._housekeeping.shrink(now, is_quiet=not batches)
            if batches or has_moved or self._woken or now >= deadline:
                self._woken = self._was_woken = False
                return batches
            if self._housekeeping.has_work:
                self._housekeeping.trim(0.005)
                continue
            until = min(deadline, member.next_tick)
            if self._stored:
                until = min(until, self._commit_due)
            seconds = until - now
            if self._next_due is not None:
                seconds = min(seconds, (self._next_due - clock.now_ns()) / 1e9)
            self._sleep(member, seconds)

    def keep_alive(self) -> None:
        """Show that this member lives, from within a callback that takes its time."""
        if self._membership is not None and self._membership.has_joined:
            self._membership.look_after()

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of these until `resume`; the position stays."""
        self._held.pause(partitions, is_paused=True)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Undo `pause`."""
        self._held.pause(partitions, is_paused=False)

    def seek(self, source: TopicPartition, offset: int) -> None:
        """Go on from this offset."""
        self._held.seek(source, offset)

    def store(
        self,
        positions: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] = NO_METADATA,
    ) -> frozenset[TopicPartition]:
        """Note what to commit; returns the partitions that are not ours any more."""
        self._stored.update(
            (source, Commit(offset, metadata.get(source, "")))
            for source, offset in positions.items()
            if source in self._held
        )
        return frozenset(positions.keys() - set(self._held))

    @property
    def pace(self) -> float:
        """A commit that outlives the process costs one small transaction: only one that outlives a
        loss of power waits for the disk."""
        return min(PACE_SECONDS, self._commit_interval)

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        """An atomic producer of this file has committed these."""
        for source, offset in positions.items():
            if source in self._stored and self._stored[source].position < offset:
                del self._stored[source]
            if source in self._held:
                self._housekeeping.add([self._held.id_of(source)])

    def commit(self) -> None:
        """Commit now what was stored."""
        member = self._usable()
        if self._stored:
            self._commit_stored(member, clock.monotonic())
        if self._committed:
            self._delete_finished()

    def commit_soon(self) -> None:
        """Commit at once: it costs no more than one write."""
        self.commit()

    def is_committed(self, source: TopicPartition) -> bool:
        """Whether nothing that was stored for this partition waits to be committed."""
        return source not in self._stored

    def commits(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        """What the group has committed for these; only those that are held can be asked for."""
        by_id = {self._held.id_of(s): s for s in partitions if s in self._held}
        with self._store.reading() as connection:
            rows = groups.commits(connection, self._group, by_id)
        return {by_id[partition_id]: committed for partition_id, committed in rows.items()}

    def membership(self) -> object:
        """What lets an `AtomicProducer` of the same file commit for this member."""
        member = self._membership
        return member.claim_to_commit if isinstance(member, Membership) else None

    def wake(self) -> None:
        """Make a running `poll` return soon. Any thread may call this."""
        self._woken = True
        if (member := self._membership) is not None:
            member.pipe.wake()

    def close(self, timeout: float = LEAVE_SECONDS) -> None:
        """Revoke everything (the listener hears it), commit, leave the group: it never waits."""
        member, self._membership = self._membership, None
        if member is None or self._process != os.getpid():
            return self._store.close()
        try:
            if member.has_joined:
                if self._held and self._listener is not None:
                    self._listener.revoked(list(self._held))
                member.leave(self._held.by_id(self._stored))
        finally:
            self._held.clear()
            self._stored.clear()
            member.close()
            self._store.close()

    def _sleep(self, member: Membership | Direct, seconds: float) -> None:
        # The pipe wakes us for records of other partitions too; under a flood of those we would
        # do nothing but wake and sleep.
        if self._was_woken:
            clock.sleep(_REST_SECONDS)
        self._was_woken = member.pipe.wait(seconds)

    def _commit_stored(self, member: Membership | Direct, now: float) -> None:
        """Commit, so that it outlives the process."""
        self._commit_due = now + self.pace
        positions = self._held.by_id(self._stored)
        member.commit(positions)
        self._stored.clear()
        if not self._committed:
            self._settle_due = now + self._commit_interval
        self._committed.update(positions)

    def _delete_finished(self) -> None:
        self._housekeeping.add(self._committed)
        self._committed.clear()
        # Up to a tenth of the time goes into trimming; what is left waits for an idle moment.
        self._housekeeping.trim(min(self._commit_interval, 1) / 10)

    def _usable(self) -> Membership | Direct:
        if self._process != os.getpid():
            raise BrokerError(
                f"This consumer of group {self._group!r} belongs to process {self._process}. "
                "Make another one in a forked process."
            )
        if self._membership is None:
            raise BrokerError(f"The consumer of group {self._group!r} is not subscribed or closed.")
        return self._membership

    def _has_news(self) -> bool:
        state = self._store.state()
        has_news = state != self._seen
        self._seen = state
        return has_news

    def _follow_plan(self, member: Membership | Direct, now: float, news: bool) -> bool:
        """Take part in the group; whether partitions came or went."""
        if not member.has_joined:
            member.join(self._topics)
            news = True
        settles = bool(self._committed) and now >= self._settle_due
        if settles or now >= member.next_tick:
            self._store.check_place()
            member.look_after(durable=settles and self._is_durable)
            news = True
        if settles:
            self._delete_finished()
        changes = member.changes(self._held.ids()) if news else None
        if changes is None:
            return False
        if changes.lost:
            self._lose(member, changes.lost)
        if changes.to_release:
            self._release(member, changes.to_release)
        if changes.to_claim:
            self._claim(member)
        member.acted(changes)
        if changes.is_removed:
            return self._follow_plan(member, now, news=True)
        return bool(changes.lost or changes.to_release or changes.to_claim)

    def _lose(self, member: Membership | Direct, lost: set[int]) -> None:
        sources = self._drop(lost)
        if self._listener is not None:
            self._listener.lost(sources)

    def _release(self, member: Membership | Direct, to_release: set[int]) -> None:
        sources = self._held.sources(to_release)
        if sources and self._listener is not None:
            self._listener.revoked(sources)
        leaving = {source: self._stored[source] for source in sources if source in self._stored}
        member.release(to_release, self._held.by_id(leaving))
        self._drop(to_release)

    def _claim(self, member: Membership | Direct) -> None:
        claims = member.claim(self._held.ids())
        self._held.add(claims)
        if claims and self._listener is not None:
            self._listener.assigned([claim.source for claim in claims])

    def _drop(self, partition_ids: set[int]) -> list[TopicPartition]:
        sources = self._held.sources(partition_ids)
        self._held.drop(sources)
        for source in sources:
            self._stored.pop(source, None)
        return sources

    def _look(self) -> None:
        """See how far the partitions reach, and when something is due."""
        with self._store.reading() as connection:
            self._held.look(connection)
            self._next_due = schedule.next_due(connection)

    def _move_due(self, member: Membership | Direct) -> None:
        """Every consumer does it, for all topics: whoever comes first, and others find nothing."""
        if schedule.move_due(self._store):
            member.wake()
        # Our own change is no news to us.
        self._look()

    def _fetch(self, max_records: int) -> list[Batch]:
        if not self._held.has_more:
            return []
        with self._store.reading() as connection:
            return self._held.fetch(connection, max_records)
