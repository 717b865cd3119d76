"""The queues of an application on a log, and how far each partition is done."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from samovar.broker.port import Commit
from samovar.engine.failing.handled import Done
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.topics.serving import Serving

#: The first and the last offset of a stretch without gaps.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class JobQueue:
    """A topic of jobs, and the group that performs them."""

    name: str
    group: str
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What is finished in a partition: all below `position`, and these runs from there on."""

    position: int = 0
    runs: tuple[Run, ...] = ()

    def __contains__(self, offset: int) -> bool:
        if offset < self.position:
            return True
        place = bisect_right(self.runs, (offset, offset)) - 1
        if place + 1 < len(self.runs) and self.runs[place + 1][0] == offset:
            return True
        return place >= 0 and offset <= self.runs[place][1]

    def left(self, first: int, end: int) -> int:
        """How many offsets from `first` up to `end` are not finished."""
        first = max(first, self.position)
        finished = sum(max(0, min(last + 1, end) - max(begin, first)) for begin, last in self.runs)
        return max(0, end - first - finished)


def by_workers(commit: Commit | None) -> Progress:
    """What workers have finished, by what their group has committed."""
    if commit is None:
        return Progress()
    return Progress(commit.position, CommitMetadata.decode(commit.metadata).finished)


def by_hand(done: Done | None) -> Progress:
    """Which dead jobs of a partition are handled."""
    if done is None:
        return Progress()
    return Progress(done.position, tuple((offset, offset) for offset in sorted(done.beyond)))


def of(serving: Serving, without: Iterable[str]) -> dict[str, JobQueue]:
    """The queues that a worker serves, by name, without these."""
    left_out = frozenset(without)
    found: dict[str, JobQueue] = {}
    for subscription in serving.subscriptions:
        for name in serving.names(subscription):
            topic = serving.topic(subscription, name)
            if topic.consumer is None and name not in left_out:
                found.setdefault(name, JobQueue(name, subscription.group, topic.share_group))
    return found
