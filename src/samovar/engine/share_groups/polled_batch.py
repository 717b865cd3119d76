"""What one poll brought, while executors perform it. A `Work`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from samovar.broker.port import Delivery, Record, TopicPartition
from samovar.engine.partitions.executors import Executors
from samovar.engine.share_groups.delivery_performer import DeliveryPerformer
from samovar.engine.share_groups.disposition import Disposition
from samovar.processes.work import Perform
from samovar.support import forks

#: Jobs that an executor takes before it looks at other work.
SHARE = 100


class PolledBatch:
    """The listener offers deliveries and takes dispositions; executors perform what is ready."""

    #: There are no partitions of ours: each record is ours by itself.
    tenure = None

    def __init__(self, *, performer: DeliveryPerformer, executors: int) -> None:
        self._performer = performer
        self._executors = Executors(executors)
        self._ready: deque[Delivery] = deque()
        self._ended: deque[tuple[Delivery, Disposition]] = deque()
        #: What each executor, by its thread, performs.
        self._at_work: dict[int, Delivery] = {}
        #: Set when something has ended, or the listener is to look up.
        self.news = threading.Event()
        self._interrupted = False

    def offer(self, deliveries: Sequence[Delivery]) -> int:
        """Take deliveries; how many executors are invited."""
        with self._executors.lock:
            self._ready.extend(deliveries)
            return self._executors.invite(len(self._ready))

    def ended(self) -> list[tuple[Delivery, Disposition]]:
        """What has ended since this was asked last."""
        return [self._ended.popleft() for _ in range(len(self._ended))]

    def withdraw(self) -> list[Delivery]:
        """Take back what no executor has begun."""
        taken: list[Delivery] = []
        while (delivery := self._taken()) is not None:
            taken.append(delivery)
        return taken

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """The records whose jobs run, and where they are; a snapshot for other threads."""
        return [(d.source, d.record) for d in list(self._at_work.values())]

    def begin(self) -> bool:
        """An executor accepts its invitation."""
        with self._executors.lock:
            self._executors.come()
        return True

    def share(self, perform: Perform) -> bool:
        """Perform up to `SHARE` jobs; whether more can be done at once."""
        me = threading.get_ident()
        for _ in range(SHARE):
            if self._interrupted or forks.is_child or (delivery := self._taken()) is None:
                return False
            self._at_work[me] = delivery
            disposition = self._performer.perform(delivery, perform)
            del self._at_work[me]
            self._ended.append((delivery, disposition))
            self.news.set()
        return bool(self._ready)

    def end(self) -> bool:
        """The executor lets go; True when it must be queued once more."""
        with self._executors.lock:
            self._executors.go()
            return bool(self._ready) and not self._interrupted and self._executors.invite(1) == 1

    def interrupt(self) -> None:
        """Let no further job begin."""
        self._interrupted = True
        self.news.set()

    def _taken(self) -> Delivery | None:
        try:
            return self._ready.popleft()
        except IndexError:
            return None
