"""Which partitions this process holds: a coordinator for each, made and closed by rebalances."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from samovar import events
from samovar.broker.port import Consumer, Deliveries, TopicPartition
from samovar.engine.consuming.consumption import Farewell
from samovar.engine.marks import Marks
from samovar.engine.partition import Partition
from samovar.engine.probation import Probation
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
        make: Callable[[TopicPartition], Partition],
    ) -> None:
        self._group = group
        self._make = make
        self._consumer = consumer
        self._held: dict[TopicPartition, Partition] = {}
        self._marks = Marks(consumer=consumer, producer=producer)
        self.probation = Probation(consumer=consumer, marks=self._marks, find=self.find)

    def __iter__(self) -> Iterator[Partition]:
        return iter(self._held.values())

    def find(self, source: TopicPartition) -> Partition | None:
        """The partition, if it is ours."""
        return self._held.get(source)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """New coordinators: nothing of an earlier assignment is carried over."""
        for source in partitions:
            self._held[source] = self._make(source)
        self._recall([source for source in partitions if self._held[source].has_memory])
        self.probation.assigned([s for s in partitions if self._held[s].is_one_by_one])
        events.announce("partitions.assigned", group=self._group, partitions=tuple(partitions))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Let the running jobs end, within the grace, and mark what is done."""
        leaving = self._take(partitions)
        self.rest(leaving, GRACE_SECONDS)
        self.say_farewell(leaving, "revoked")
        self._leave(leaving)
        events.announce("partitions.revoked", group=self._group, partitions=tuple(partitions))

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Let no further job begin; what was done since the last commit runs again elsewhere."""
        lost = self._take(partitions)
        self._marks.forget(lost)
        self.probation.forget(partitions)
        self.say_farewell(lost, "revoked")
        events.announce("partitions.lost", group=self._group, partitions=tuple(partitions))

    def mark(self) -> None:
        """Store the positions that have moved."""
        self._marks.store(self._held.values())

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
                self._consumer.stay()

    def _leave(self, leaving: Sequence[Partition]) -> None:
        """Store how far these are done, and that they were left in order."""
        positions = self._marks.store_now(leaving, GRACE_SECONDS)
        self.probation.left([p for p in leaving if p.is_one_by_one], positions)
        self.probation.forget(p.source for p in leaving)

    def _recall(self, sources: Sequence[TopicPartition]) -> None:
        if sources:
            for source, commit in self._consumer.commits(sources).items():
                self._held[source].recall(commit.metadata)

    def say_farewell(self, partitions: Iterable[Partition], why: Farewell) -> None:
        """Tell the consumers of plain topics, and wait within the grace until they have heard."""
        farewells = [(p, say) for p in partitions if (say := p.farewell(why)) is not None]
        if not farewells:
            return
        thread = threading.Thread(target=_say, args=(farewells,), name="samovar-farewell")
        thread.daemon = True
        thread.start()
        until = clock.monotonic() + GRACE_SECONDS
        while thread.is_alive() and (left := until - clock.monotonic()) > 0:
            thread.join(min(left, STAY_SECONDS))
            self._consumer.stay()

    def _take(self, partitions: Sequence[TopicPartition]) -> list[Partition]:
        taken = [p for source in partitions if (p := self._held.pop(source, None))]
        for partition in taken:
            partition.leave()
        return taken


def _say(farewells: Sequence[tuple[Partition, Callable[[], None]]]) -> None:
    """A consumer hears it when no batch of its runs any more, however long that takes."""
    for partition, say in farewells:
        while not partition.wait_until_at_rest(STAY_SECONDS):
            continue
        say()
