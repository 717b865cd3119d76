"""From dispositions to acknowledgements, never ahead of what the jobs themselves enqueued."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from samovar import events
from samovar.broker.port import Barrier, Deliveries, Delivery, ShareConsumer
from samovar.engine.share_groups.copies import Copies
from samovar.engine.share_groups.disposition import Disposition, Requeue
from samovar.engine.share_groups.drain import Drain
from samovar.errors import BrokerError
from samovar.support import clock

#: How soon a barrier of the producer is looked at again, in seconds.
BARRIER_SECONDS = 0.005
#: Longest wait between two looks, in seconds.
LOOK_SECONDS = 0.1
#: Wait after a copy could not be stored, in seconds.
AGAIN_SECONDS = 1.0


class _Waiting(NamedTuple):
    """What becomes a copy when it is due."""

    due: float
    delivery: Delivery
    wanted: Requeue
    #: When it may be tried again, whatever the hurry.
    not_before: float = 0.0


class Acknowledgements:
    """Of one consumer; used by its thread only."""

    def __init__(
        self,
        *,
        consumer: ShareConsumer,
        producer: Deliveries,
        copies: Copies,
        drain: Drain,
        back_off_slots: threading.Semaphore,
        longest_wait: float,
    ) -> None:
        """Failed jobs wait, at most until they have been here for `longest_wait` seconds: while
        others of the batch run, and behind them as far as the `back_off_slots`, which all consumers
        of the group share, has room.
        """
        self._consumer = consumer
        self._producer = producer
        self._copies = copies
        self._drain = drain
        self._back_off_slots = back_off_slots
        self._longest_wait = longest_wait
        self._expected_at = 0.0
        #: How many deliveries are not acknowledged yet.
        self.open = 0
        self._done: list[Delivery] = []
        #: Jobs that have ended, until what they enqueued is delivered.
        self._held: tuple[Barrier, list[Delivery]] | None = None
        self._waiting: list[_Waiting] = []
        self._has_slot = False

    def expect(self, deliveries: Sequence[Delivery]) -> None:
        """These are to be settled."""
        self.open += len(deliveries)
        self._expected_at = clock.monotonic()

    def take(self, ended: Iterable[tuple[Delivery, Disposition]]) -> None:
        """These have ended."""
        now, latest = clock.monotonic(), self._expected_at + self._longest_wait
        for delivery, disposition in ended:
            if disposition is None:
                self._done.append(delivery)
            else:
                due = min(now + disposition.after, latest)
                self._waiting.append(_Waiting(due, delivery, disposition))

    def go_on(self, *, hurry: bool, leaving: int) -> None:
        """Acknowledge what may be acknowledged now; so many deliveries have not been begun.

        In a hurry, as this process ends, nothing waits for its time, but all until nothing can come
        back here.
        """
        self._accept_done()
        if self._waiting and (self._drain.is_over or not hurry):
            self._copy_due(hurry, all_of_them=hurry or not self._may_wait(leaving))
        if not self._waiting and self._has_slot:
            self._has_slot = False
            self._back_off_slots.release()

    @property
    def patience(self) -> float:
        """How long nothing needs to be looked at unless something ends, in seconds."""
        if self._held is not None or self._done:
            return BARRIER_SECONDS
        soonest = min((w.due for w in self._waiting), default=0.0)
        wait = soonest - clock.monotonic() if soonest else LOOK_SECONDS
        return max(BARRIER_SECONDS, min(LOOK_SECONDS, wait))

    def close(self) -> None:
        """Whatever is open is nobody's here any more."""
        if self._has_slot:
            self._has_slot = False
            self._back_off_slots.release()

    def _accept_done(self) -> None:
        if self._held is None and self._done:
            self._held, self._done = (self._producer.barrier(), self._done), []
        if self._held is not None and self._held[0].passed:
            self._accept(self._held[1])
            self._held = None

    def _may_wait(self, leaving: int) -> bool:
        """Whether there is anything else to do here, or room for one that only waits."""
        if self.open - leaving > len(self._waiting) or self._has_slot:
            return True
        self._has_slot = self._back_off_slots.acquire(blocking=False)
        return self._has_slot

    def _copy_due(self, hurry: bool, *, all_of_them: bool) -> None:
        now = clock.monotonic()
        due: list[_Waiting] = []
        rest: list[_Waiting] = []
        for each in self._waiting:
            is_held = each.wanted.is_for_others and not hurry
            is_time = (all_of_them or each.due <= now) and each.not_before <= now
            (due if is_time and not is_held else rest).append(each)
        if not due:
            return
        self._waiting = rest
        try:
            self._copies.put([(w.delivery, w.wanted) for w in due])
        except BrokerError as error:
            events.announce("broker.error", error=error)
            later = clock.monotonic() + AGAIN_SECONDS
            self._waiting += [w._replace(not_before=later) for w in due]
            return
        self._accept([w.delivery for w in due])

    def _accept(self, deliveries: Sequence[Delivery]) -> None:
        self._consumer.accept(deliveries)
        self.open -= len(deliveries)
