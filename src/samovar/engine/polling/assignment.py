"""Which partitions this process holds: a coordinator for each, made and closed by rebalances."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from samovar import events
from samovar.broker.port import Consumer, Deliveries, TopicPartition
from samovar.engine.consuming.consumption import LeaveReason
from samovar.engine.flow.stages import Stage
from samovar.engine.partitions.earlier_runs import Departed
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.assignments import Assignments
from samovar.engine.polling.crash_guard import CrashGuard
from samovar.engine.polling.entrances import Entrances
from samovar.engine.polling.marks import Marks
from samovar.engine.polling.settling import Settling
from samovar.support import clock

#: How long a revocation waits for the jobs that are running, in seconds: what ends in time is
#: marked and not repeated by the next owner.
GRACE_SECONDS = 5.0
#: How often a member shows that it lives meanwhile.
STAY_SECONDS = 0.5


class Assignment:
    """The partitions of one consumer. A `RebalanceListener`; used by the listener thread only."""

    def __init__(
        self,
        *,
        group: str,
        consumer: Consumer,
        producer: Deliveries,
        make: Callable[[TopicPartition, Stage | None], Partition],
        departed: Departed,
        settling: Settling,
        assignments: Assignments,
    ) -> None:
        """`make` makes the coordinator of a partition, with a stage of ours in front. `departed`
        knows what still runs of earlier assignments.
        """
        self._group = group
        self._departed = departed
        self._assignments = assignments
        self.entrances = Entrances(lambda: settling.is_over(len(self._held)))
        self._make = make
        self._consumer = consumer
        self._held: dict[TopicPartition, Partition] = {}
        self._marks = Marks(consumer=consumer, producer=producer)
        self.crash_guard = CrashGuard(consumer=consumer, marks=self._marks, find=self.find)

    def __iter__(self) -> Iterator[Partition]:
        return iter(self._held.values())

    def find(self, source: TopicPartition) -> Partition | None:
        """The partition, if it is ours."""
        return self._held.get(source)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """New coordinators. Of an earlier assignment only what still runs, or ended well after the
        partition had left, is known.
        """
        earlier = {source: self._departed.take(self._group, source) for source in partitions}
        self._held.update((source, self._make(source, runs)) for source, runs in earlier.items())
        self._assignments.came(self._group, partitions)
        for source, runs in earlier.items():
            self.entrances.assigned(source, runs)
        self._recall([source for source in partitions if self._held[source].has_memory])
        # What runs here, or has run, was no end of a process.
        alive = {source: runs.offsets for source, runs in earlier.items() if runs is not None}
        self.crash_guard.assigned([s for s in partitions if self._held[s].is_one_by_one], alive)
        events.announce("partitions.assigned", group=self._group, partitions=tuple(partitions))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let the running jobs end, within the grace, and mark what is done."""
        leaving = self._take(partitions)
        self.rest(leaving, GRACE_SECONDS)
        self._departed.keep(self._group, [p for p in leaving if p.is_running])
        self.call_on_leave(leaving, "revoked")
        _end_tenure(leaving)
        self._leave(leaving)
        events.announce("partitions.revoked", group=self._group, partitions=tuple(partitions))

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Let no further job begin; what was done since the last commit runs again elsewhere."""
        lost = self._lose(partitions)
        self._marks.forget(lost)
        self.crash_guard.forget(partitions)
        self.call_on_leave(lost, "revoked")
        events.announce("partitions.lost", group=self._group, partitions=tuple(partitions))

    def mark(self) -> bool:
        """Store the positions that have moved; whether some have."""
        has_moved = self._marks.store(self._held.values())
        self._confirm_commits()
        return has_moved

    def mark_now(self) -> None:
        """Store all that is done, and wait within the grace for what it enqueued."""
        self._marks.store_now(self._held.values(), GRACE_SECONDS)

    def interrupt(self) -> None:
        """Let no further job of any partition begin."""
        for partition in self:
            partition.interrupt()

    def finish(self) -> None:
        """Let no further job begin that need not."""
        for partition in self:
            partition.finish()

    def is_at_rest(self) -> bool:
        """Whether no job runs."""
        return not any(partition.is_running for partition in self)

    def rest(self, partitions: Sequence[Partition], timeout: float) -> None:
        """Wait for the running jobs of these partitions, up to `timeout` seconds in all."""
        until = clock.monotonic() + timeout
        for partition in partitions:
            while (left := until - clock.monotonic()) > 0:
                if partition.wait_until_at_rest(min(left, STAY_SECONDS)):
                    break
                self._consumer.keep_alive()

    def _confirm_commits(self) -> None:
        """Where a transaction waits for it, commit what was marked outside of it."""
        for partition in self:
            marks = partition.transactions
            if marks is None or (question := marks.awaited) is None:
                continue
            if not self._marks.is_stored(partition):
                continue
            source, stored = partition.source, self._marks.stored_at(partition.source)
            self._consumer.commit()
            if stored is not None:
                committed = self._consumer.commits([source]).get(source)
                if committed is None or committed.position < stored:
                    continue
            marks.confirm(question)

    def _leave(self, leaving: Sequence[Partition]) -> None:
        """Store how far these are done, and that they were left in order. Of those in doubt a
        transaction may yet be stored, which an older position must not overwrite.
        """
        in_doubt = [p for p in leaving if p.transactions and p.transactions.is_in_doubt]
        leaving = [p for p in leaving if p not in in_doubt]
        self._marks.forget(in_doubt)
        self.crash_guard.forget(p.source for p in in_doubt)
        positions = self._marks.store_now(leaving, GRACE_SECONDS)
        self.crash_guard.left([p for p in leaving if p.is_one_by_one], positions)
        self.crash_guard.forget(p.source for p in leaving)

    def _recall(self, sources: Sequence[TopicPartition]) -> None:
        if sources:
            for source, commit in self._consumer.commits(sources).items():
                self._held[source].recall(commit.metadata)

    def call_on_leave(self, partitions: Iterable[Partition], why: LeaveReason) -> None:
        """Tell the consumers of plain topics, and wait within the grace until they have heard."""
        hooks = [(p, say) for p in partitions if (say := p.on_leave(why)) is not None]
        if not hooks:
            return
        thread = threading.Thread(target=_say, args=(hooks,), name="samovar-on-leave")
        thread.daemon = True
        thread.start()
        until = clock.monotonic() + GRACE_SECONDS
        while thread.is_alive() and (left := until - clock.monotonic()) > 0:
            thread.join(min(left, STAY_SECONDS))
            self._consumer.keep_alive()

    def _take(self, partitions: Sequence[TopicPartition]) -> list[Partition]:
        taken = [p for source in partitions if (p := self._held.pop(source, None))]
        self._assignments.left(self._group, partitions)
        for partition in taken:
            partition.leave()
            if (earlier := self.entrances.forget(partition.source)) is not None:
                self._departed.keep_runs(self._group, partition.source, earlier)
        return taken

    def close(self) -> None:
        """The consumer is gone: so is what it has not taken back in order."""
        self._lose(list(self._held))

    def _lose(self, partitions: Sequence[TopicPartition]) -> list[Partition]:
        """These went without a chance to commit what was done last: that is remembered too."""
        lost = self._take(partitions)
        self._departed.keep(self._group, lost)
        _end_tenure(lost)
        return lost


def _end_tenure(partitions: Iterable[Partition]) -> None:
    for partition in partitions:
        partition.tenure.is_over = True


def _say(hooks: Sequence[tuple[Partition, Callable[[], None]]]) -> None:
    """A consumer hears it when no batch of its runs any more, however long that takes."""
    for partition, say in hooks:
        while not partition.wait_until_at_rest(STAY_SECONDS):
            continue
        say()
