"""One connection to a share group: poll, hand over, acknowledge. Only its thread uses the consumer.

A consumer may poll again only when all it was handed is acknowledged. So a worker has several of
them, each with as few records at a time as the executors can begin at once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import NamedTuple

from samovar.broker.port import Delivery, Record, ShareConsumer, TopicPartition
from samovar.engine.polling.listener import PATIENCE
from samovar.engine.polling.subscribing import Sharing
from samovar.engine.share_groups.acknowledgements import Acknowledgements
from samovar.engine.share_groups.delivery_performer import DeliveryPerformer
from samovar.engine.share_groups.disposition import came_back, is_quarantined, is_suspect, requeued
from samovar.engine.share_groups.drain import Drain
from samovar.engine.share_groups.polled_batch import PolledBatch
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.processes.restarting import serve_until
from samovar.processes.vital import VitalThread
from samovar.processes.work_queue import WorkQueue
from samovar.support import clock

#: How long a record may wait here for an executor, in seconds; the lock on it runs all the while.
KEPT_SECONDS = 1.0
#: How long an acknowledgement may be on its way, in seconds.
SETTLE_SECONDS = 0.3
#: Longest wait of a suspect for what others hold, in seconds.
PATIENCE_SECONDS = 2.0
#: How soon a listener looks again whether an executor is free, in seconds.
BUSY_SECONDS = 0.02


class _Line(NamedTuple):
    """A consumer with what belongs to it."""

    consumer: ShareConsumer
    batch: PolledBatch
    acknowledgements: Acknowledgements
    #: How long a suspect may wait for what others hold, in seconds.
    patience: float
    subscriber: Sharing


class ShareListener(VitalThread):
    """Keeps one consumer of one share group at work."""

    def __init__(
        self,
        *,
        name: str,
        prepare: Callable[[], float],
        connect: Callable[[], ShareConsumer],
        subscriber: Callable[[], Sharing],
        performer: Callable[[float], DeliveryPerformer],
        settle: Callable[[float, ShareConsumer], Acknowledgements],
        executors: int,
        quarantine: Quarantine,
        drain: Drain,
        patience: float,
        work: WorkQueue,
    ) -> None:
        """What is made here is made anew after each error. `prepare` sets the group up and tells
        for how many seconds a record is locked; `patience` is the longest wait of one poll.
        """
        super().__init__(name=f"samovar-share-listener-{name}", daemon=True)
        self._prepare = prepare
        self._connect = connect
        self._subscriber = subscriber
        self._performer = performer
        self._settle = settle
        self._executors = executors
        self._quarantine = quarantine
        self._drain = drain
        self._longest_wait = min(patience, PATIENCE)
        self._work = work
        self._stop_asked = threading.Event()
        self._line: _Line | None = None

    def stop(self, until: float = math.inf) -> None:
        """Begin no further job, give back what was not begun, acknowledge what ends, and leave the
        group. Any thread may call this.
        """
        self._stop_asked.set()
        if (line := self._line) is not None:
            line.batch.interrupt()
            line.consumer.wake()

    #: No partition would be kept by staying, and what others give back must not come here.
    quiet = stop

    def work(self) -> None:
        """Poll until stopped; after an error start anew with a new consumer."""
        serve_until(self._stop_asked, self._serve)

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """The records whose jobs run, and where they are; a snapshot for other threads."""
        line = self._line
        return line.batch.running if line is not None else []

    def _serve(self) -> None:
        lock_seconds = self._prepare()
        self._drain.came()
        try:
            self._serve_as_member(lock_seconds, self._connect())
        finally:
            self._drain.left()

    def _serve_as_member(self, lock_seconds: float, consumer: ShareConsumer) -> None:
        line = self._line = _Line(
            consumer,
            PolledBatch(performer=self._performer(lock_seconds), executors=self._executors),
            self._settle(lock_seconds, consumer),
            min(PATIENCE_SECONDS, lock_seconds / 4),
            self._subscriber(),
        )
        try:
            while not self._stop_asked.is_set():
                self._turn(line)
        finally:
            line.batch.interrupt()
            line.acknowledgements.close()
            consumer.close()

    def _turn(self, line: _Line) -> None:
        if not line.subscriber.follow_share(line.consumer):
            self._stop_asked.wait(PATIENCE)
        elif self._work.free <= 0 or not self._quarantine.enter():
            self._stop_asked.wait(BUSY_SECONDS)
        else:
            try:
                if deliveries := line.consumer.poll(self._longest_wait):
                    self._receive(line, deliveries)
            finally:
                self._quarantine.leave()

    def _receive(self, line: _Line, deliveries: list[Delivery]) -> None:
        # It is handed nothing more until all of these are settled.
        self._drain.left()
        try:
            self._settle_all(line, deliveries)
        finally:
            self._drain.came()

    def _settle_all(self, line: _Line, deliveries: list[Delivery]) -> None:
        """Work them off, one that is on trial last and by itself. Others go round first, each by
        itself, so that what came together and died together does not do so again.
        """
        line.acknowledgements.expect(deliveries)
        suspect: Delivery | None = None
        begun: list[Delivery] = []
        for delivery in deliveries:
            if is_quarantined(delivery) or not (came_back(delivery) or is_suspect(delivery)):
                begun.append(delivery)
            elif suspect is None and not came_back(delivery):
                suspect = delivery
            else:
                line.acknowledgements.take([(delivery, requeued(delivery))])
        self._work_off(line, begun, leaving=0 if suspect is None else 1)
        if suspect is not None:
            self._try_suspect(line, suspect)

    def _try_suspect(self, line: _Line, suspect: Delivery) -> None:
        if not self._quarantine.close(line.patience):
            line.acknowledgements.take([(suspect, requeued(suspect))])
            self._work_off(line, [])
            return
        try:
            # What others have acknowledged is on its way; a kill might still catch it.
            self._stop_asked.wait(SETTLE_SECONDS)
            self._work_off(line, [suspect])
        finally:
            self._quarantine.open()

    def _work_off(self, line: _Line, deliveries: list[Delivery], *, leaving: int = 0) -> None:
        """Perform them and acknowledge each when it has ended, until so many are left."""
        until = clock.monotonic() + KEPT_SECONDS
        for _ in range(line.batch.offer(deliveries)):
            self._work.put(line.batch)
        while line.acknowledgements.open > leaving:
            line.batch.news.wait(line.acknowledgements.patience)
            line.batch.news.clear()
            hurry = self._stop_asked.is_set()
            if hurry or clock.monotonic() > until:
                unbegun = line.batch.withdraw()
                line.acknowledgements.take([(d, requeued(d)) for d in unbegun])
            line.acknowledgements.take(line.batch.ended())
            line.acknowledgements.go_on(hurry=hurry, leaving=leaving)
