"""Performs the job of one delivery, and says what is to become of it."""

from __future__ import annotations

from collections.abc import Callable

from samovar import events
from samovar.broker.port import Delivery
from samovar.engine.failing.recovery import DeadLetterDispatch, Recovery
from samovar.engine.flow import assembly
from samovar.engine.flow.decisions import Retry, Stop
from samovar.engine.flow.stages import ADMIT, Skip, Stage
from samovar.engine.partitions.watching import watched
from samovar.engine.routing.topic import Topic
from samovar.engine.share_groups.disposition import (
    Disposition,
    Requeue,
    deaths,
    failures,
    is_quarantined,
    requeued,
    without_history,
)
from samovar.errors import BrokerError, WorkerDiedError
from samovar.job import performing
from samovar.job.outcome import DONE, FAILURES, Failed, Failure, Outcome, Poison
from samovar.processes.work import Perform
from samovar.support import clock, forks


class DeliveryPerformer:
    """Used by several executors at once."""

    def __init__(
        self,
        *,
        lock_seconds: float,
        topic: Callable[[str], Topic],
        dispatch_dead: DeadLetterDispatch,
        stop_process: Callable[[BaseException], None],
    ) -> None:
        """`topic` gives the settings of a topic by its real name."""
        self._lock_seconds = lock_seconds
        self._topic = topic
        self._dispatch_dead = dispatch_dead
        self._stop_process = stop_process
        #: Settings and gate of the topics seen; two threads may look one up at once.
        self._known: dict[str, tuple[Topic, Stage | None]] = {}

    def perform(self, delivery: Delivery, perform: Perform) -> Disposition:
        """Perform the job, unless it is too old or has killed its processes before."""
        topic, gate = self._looked_up(delivery)
        if is_quarantined(delivery):
            return self._failed(
                delivery, topic, Poison(WorkerDiedError(self._crash_text(delivery)))
            )
        outcome: Outcome = DONE
        try:
            answer = ADMIT
            if gate is not None:
                answer = gate.admit(delivery.record, clock.now(), deaths(delivery))
            if isinstance(answer, Skip):
                self._recovery(delivery, topic).skipped(delivery.record, answer)
            else:
                outcome = self._perform(delivery, perform)
        except BaseException as error:  # a filter's, or a child's that a job has forked
            outcome = Failed(error)
        if not isinstance(outcome, FAILURES):
            return None
        if forks.is_child:
            forks.leave(outcome.error)
        return self._failed(delivery, topic, outcome)

    def _perform(self, delivery: Delivery, perform: Perform) -> Outcome:
        begun = clock.monotonic()
        perform_record = watched(perform, delivery.source)
        if perform_record is not None:
            outcome: Outcome = perform_record(delivery.record)
        else:
            outcome = perform(delivery.record.value)
        if (took := clock.monotonic() - begun) > self._lock_seconds:
            # The broker may not even refuse what is acknowledged now.
            job = performing.describe(delivery.record.value)
            error = BrokerError(
                f"{job} took {took:.1f} s, and the lock on its record lasts "
                f"{self._lock_seconds:g} s: it runs once more. Raise the group's "
                f"share.record.lock.duration.ms, or take a topic without a share group."
            )
            events.announce("broker.error", error=error)
        return outcome

    def _failed(self, delivery: Delivery, topic: Topic, failure: Failure) -> Disposition:
        recovery = self._recovery(delivery, topic)
        # A dead letter that is put back begins anew.
        decision = recovery.failed(without_history(delivery.record), failure)
        if isinstance(decision, Stop):
            self._stop_process(failure.error)
            return requeued(delivery, for_others=True)
        if isinstance(decision, Retry) and is_quarantined(delivery):
            # Its dead letter could not be stored.
            return Requeue(failures(delivery), deaths(delivery), decision.after)
        if isinstance(decision, Retry):
            return Requeue(attempts=recovery.attempt, after=decision.after)
        # A dead letter is stored by now. Nobody waits behind it: others are not its neighbours.
        return None

    def _recovery(self, delivery: Delivery, topic: Topic) -> Recovery:
        """Whoever had its job before: what ended by a death is an attempt, too."""
        recovery = Recovery(source=delivery.source, topic=topic, dispatch_dead=self._dispatch_dead)
        recovery.attempt = failures(delivery) + deaths(delivery)
        return recovery

    def _looked_up(self, delivery: Delivery) -> tuple[Topic, Stage | None]:
        name = delivery.source.topic
        if (found := self._known.get(name)) is None:
            topic = self._topic(name)
            found = self._known[name] = topic, assembly.gate(topic, delivery.source)
        return found

    def _crash_text(self, delivery: Delivery) -> str:
        return (
            f"Begun {deaths(delivery)} times, and never brought to an end: its workers died, or "
            f"took longer than the lock on a record lasts ({self._lock_seconds:g} s)."
        )
