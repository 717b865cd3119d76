"""One connection to a share group: poll, hand over, acknowledge. Only its thread uses the consumer.

A consumer may poll again only when all it was handed is acknowledged. So a worker has several of
them, each with as few records at a time as the executors can begin at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from samovar.broker.port import Delivery, Record, ShareConsumer, ShareTerms, TopicPartition
from samovar.engine.listener import PATIENCE
from samovar.engine.restarting import serve_until
from samovar.engine.share_groups.departure import Departure
from samovar.engine.share_groups.handful import Handful
from samovar.engine.share_groups.judge import Judge
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.engine.share_groups.settlement import Settlement
from samovar.engine.share_groups.verdict import copied, given_back, is_suspect, last_delivery
from samovar.engine.subscribing import Sharing
from samovar.engine.work_queue import WorkQueue
from samovar.support import clock

#: How long a record may wait here for an executor, in seconds; the lock on it runs all the while.
KEPT_SECONDS = 1.0
#: How long an acknowledgement may be on its way, in seconds.
SETTLE_SECONDS = 0.3
#: How soon a listener looks again whether an executor is free, in seconds.
BUSY_SECONDS = 0.02


class _Line(NamedTuple):
    """A consumer with what belongs to it."""

    terms: ShareTerms
    consumer: ShareConsumer
    handful: Handful
    settlement: Settlement
    subscriber: Sharing


class ShareListener(threading.Thread):
    """Keeps one consumer of one share group at work."""

    def __init__(
        self,
        *,
        name: str,
        terms: Callable[[], ShareTerms],
        connect: Callable[[], ShareConsumer],
        subscriber: Callable[[], Sharing],
        judge: Callable[[ShareTerms], Judge],
        settle: Callable[[ShareTerms, ShareConsumer], Settlement],
        executors: int,
        quarantine: Quarantine,
        departure: Departure,
        patience: float,
        work: WorkQueue,
    ) -> None:
        """What is made here is made anew after each error. `patience` is the longest wait of one
        poll, in seconds."""
        super().__init__(name=f"samovar-share-listener-{name}", daemon=True)
        self._terms = terms
        self._connect = connect
        self._subscriber = subscriber
        self._judge = judge
        self._settle = settle
        self._executors = executors
        self._quarantine = quarantine
        self._departure = departure
        self._longest_wait = min(patience, PATIENCE)
        self._work = work
        self._stop_asked = threading.Event()
        self._line: _Line | None = None

    def stop(self) -> None:
        """Begin no further job, give back what was not begun, acknowledge what ends, and leave the
        group. Any thread may call this.
        """
        self._stop_asked.set()
        if (line := self._line) is not None:
            line.handful.interrupt()
            line.consumer.wake()

    #: No partition would be kept by staying, and what others give back must not come here.
    quiet = stop

    def run(self) -> None:
        """Poll until stopped; after an error start anew with a new consumer."""
        serve_until(self._stop_asked, self._serve)

    @property
    def running(self) -> list[tuple[TopicPartition, Record]]:
        """The records whose jobs run, and where they are; a snapshot for other threads."""
        line = self._line
        return line.handful.running if line is not None else []

    def _serve(self) -> None:
        terms = self._terms()
        self._departure.came()
        try:
            self._serve_as(terms, self._connect())
        finally:
            self._departure.left()

    def _serve_as(self, terms: ShareTerms, consumer: ShareConsumer) -> None:
        """Be a member of the group until stopped."""
        line = self._line = _Line(
            terms,
            consumer,
            Handful(judge=self._judge(terms), executors=self._executors),
            self._settle(terms, consumer),
            self._subscriber(),
        )
        try:
            while not self._stop_asked.is_set():
                self._turn(line)
        finally:
            line.handful.interrupt()
            line.settlement.close()
            consumer.close()

    def _turn(self, line: _Line) -> None:
        if not line.subscriber.follow_share(line.consumer):
            self._stop_asked.wait(PATIENCE)
        elif self._work.free <= 0 or not self._quarantine.enter():
            self._stop_asked.wait(BUSY_SECONDS)
        else:
            try:
                self._receive(line)
            finally:
                self._quarantine.leave()

    def _receive(self, line: _Line) -> None:
        if not (deliveries := line.consumer.poll(self._longest_wait)):
            return
        # It is handed nothing more until all this is settled.
        self._departure.left()
        try:
            self._settle_all(line, deliveries)
        finally:
            self._departure.came()

    def _settle_all(self, line: _Line, deliveries: list[Delivery]) -> None:
        """Work them off: suspects last, one of them by itself, in quarantine. The others become
        copies, so that what came together does not come together again.
        """
        line.settlement.expect(deliveries)
        suspects = [delivery for delivery in deliveries if is_suspect(delivery)]
        line.settlement.take([(d, copied(d)) for d in suspects[1:]])
        self._work_off(
            line, [d for d in deliveries if not is_suspect(d)], leaving=len(suspects[:1])
        )
        for suspect in suspects[:1]:
            self._try_suspect(line, suspect)

    def _try_suspect(self, line: _Line, suspect: Delivery) -> None:
        is_over = suspect.count >= last_delivery(line.terms)
        if is_over:
            self._work_off(line, [suspect])
            return
        if not self._quarantine.close():
            line.settlement.take([(suspect, copied(suspect))])
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
        for _ in range(line.handful.offer(deliveries)):
            self._work.put(line.handful)
        while line.settlement.open > leaving:
            line.handful.news.wait(line.settlement.patience)
            line.handful.news.clear()
            hurry = self._stop_asked.is_set()
            if hurry or clock.monotonic() > until:
                unbegun = line.handful.withdraw()
                line.settlement.take(
                    [(d, given_back(d, line.terms) if hurry else copied(d)) for d in unbegun]
                )
            line.settlement.take(line.handful.ended())
            line.settlement.go_on(hurry=hurry)
