"""Which partitions a worker holds, for whoever asks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from samovar.broker.port import TopicPartition


@dataclass(frozen=True, slots=True, order=True)
class Assigned:
    """A partition that this process holds."""

    #: The consumer group.
    group: str
    #: Real name of the topic.
    topic: str
    partition: int
    #: How often it has come to this worker, from 1: after it was away, another number.
    generation: int


class Assignments:
    """Those of all listeners of one worker. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[tuple[str, TopicPartition]] = set()
        #: How often each has come; never reset.
        self._came: Counter[tuple[str, TopicPartition]] = Counter()

    def came(self, group: str, sources: Iterable[TopicPartition]) -> None:
        """These are ours from now on."""
        with self._lock:
            news = [(group, source) for source in sources]
            self._held.update(news)
            self._came.update(news)

    def left(self, group: str, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more."""
        with self._lock:
            self._held.difference_update((group, source) for source in sources)

    def now(self) -> tuple[Assigned, ...]:
        """What is held now, in order."""
        with self._lock:
            return tuple(
                Assigned(group, *source, self._came[group, source])
                for group, source in sorted(self._held)
            )
