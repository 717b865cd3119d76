"""Performs the job of one delivery, and says what is to become of it."""

from __future__ import annotations

from collections.abc import Callable

from samovar.broker.port import Delivery, ShareTerms
from samovar.engine import children
from samovar.engine.flow import assembly
from samovar.engine.flow.decisions import Retry, Stop
from samovar.engine.flow.stages import ADMIT, Skip, Stage
from samovar.engine.partition import Perform
from samovar.engine.recovery import DeadLetterDispatch, Recovery
from samovar.engine.routing.topic import Topic
from samovar.engine.share_groups.verdict import (
    ACCEPT,
    Verdict,
    attempts_before,
    given_back,
    last_delivery,
)
from samovar.engine.watching import watched
from samovar.errors import WorkerDiedError
from samovar.support import clock


class Judge:
    """Used by several executors at once."""

    def __init__(
        self,
        *,
        terms: ShareTerms,
        topic: Callable[[str], Topic],
        dispatch_dead: DeadLetterDispatch,
        stop_process: Callable[[], None],
    ) -> None:
        """`topic` gives the settings of a topic by its real name."""
        self._terms = terms
        self._topic = topic
        self._dispatch_dead = dispatch_dead
        self._stop_process = stop_process
        #: Settings and gate of the topics seen; two threads may look one up at once.
        self._known: dict[str, tuple[Topic, Stage | None]] = {}

    def perform(self, delivery: Delivery, perform: Perform) -> Verdict:
        """Perform the job, unless it is too old or has killed its processes before."""
        topic, gate = self._looked_up(delivery)
        try:
            if delivery.count >= last_delivery(self._terms):
                raise WorkerDiedError(self._obituary(delivery))
            answer = ADMIT
            if gate is not None:
                answer = gate.admit(delivery.record, clock.now(), delivery.count - 1)
            if isinstance(answer, Skip):
                self._recovery(delivery, topic).skipped(delivery.record, answer)
            else:
                told = watched(perform, delivery.source)
                told(delivery.record) if told else perform(delivery.record.value)
        except BaseException as error:
            if children.is_child:
                children.leave(error)
            return self._failed(delivery, topic, error)
        return ACCEPT

    def _failed(self, delivery: Delivery, topic: Topic, error: BaseException) -> Verdict:
        recovery = self._recovery(delivery, topic)
        decision = recovery.failed(delivery.record, error)
        if isinstance(decision, Stop):
            self._stop_process()
            return given_back(delivery, self._terms)
        if isinstance(decision, Retry):
            return Verdict("requeue", decision.after, recovery.attempt)
        # A dead letter is stored by now. Nobody waits behind it: others are not its neighbours.
        return ACCEPT

    def _recovery(self, delivery: Delivery, topic: Topic) -> Recovery:
        """Its failures up to now are its earlier deliveries, whoever had them."""
        recovery = Recovery(source=delivery.source, topic=topic, dispatch_dead=self._dispatch_dead)
        recovery.attempt = attempts_before(delivery)
        return recovery

    def _looked_up(self, delivery: Delivery) -> tuple[Topic, Stage | None]:
        name = delivery.source.topic
        if (found := self._known.get(name)) is None:
            topic = self._topic(name)
            found = self._known[name] = topic, assembly.gate(topic, delivery.source)
        return found

    def _obituary(self, delivery: Delivery) -> str:
        return (
            f"Handed out {delivery.count} times, and never brought to an end: its workers died, or "
            f"took longer than the lock on a record lasts ({self._terms.lock_seconds:g} s)."
        )
