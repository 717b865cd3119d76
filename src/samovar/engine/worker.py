"""A worker process's engine: listeners that poll, executors that perform, and an orderly end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from samovar import events
from samovar.broker.port import Broker, Deliveries, Producer, TopicPartition
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.stages import Stage
from samovar.engine.kept.keeper import Keeper
from samovar.engine.partitions.earlier_runs import Departed
from samovar.engine.partitions.kinds import coordinate, marks_in_transactions
from samovar.engine.partitions.partition import Partition
from samovar.engine.polling.assignments import Assigned, Assignments
from samovar.engine.polling.listener import Listener
from samovar.engine.polling.settling import Settling
from samovar.engine.polling.subscribing import Sharing, Subscriber, Taking
from samovar.engine.producing.transactional_marks import Ledger
from samovar.engine.producing.transactions import AtomicStore
from samovar.engine.routing.subscriptions import Subscription
from samovar.engine.settings import WorkerSettings
from samovar.engine.share_groups.connections import Connections
from samovar.engine.share_groups.listener import ShareListener
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving
from samovar.errors import FencedError
from samovar.job import performing
from samovar.processes.executor import Executor
from samovar.processes.vital import VitalThread
from samovar.processes.work_queue import WorkQueue
from samovar.support import clock


class Worker:
    """Performs the jobs of what it serves until it is stopped."""

    def __init__(
        self,
        *,
        broker: Broker,
        producer: Producer,
        deliveries: Deliveries,
        atomic: AtomicStore,
        one_by_one: Callable[[], Producer],
        topics: Topics,
        serving: Serving,
        settings: WorkerSettings,
        member: str,
        on_critical: Callable[[], None] | None,
        stopping: threading.Event,
        keepers: Sequence[Keeper] = (),
    ) -> None:
        """`deliveries` are those of every producer that jobs may go through. `atomic` stores
        transactions, also what consumers mark in them. `one_by_one` gives the
        producer that writes each record by itself. `member` tells this process from others with the
        same settings on the same machine. `on_critical` is called when it cannot go on, and by
        default it then stops. `stopping` is what jobs ask that can end early. `keepers` work beside
        it.
        """
        self._broker = broker
        self._producer = producer
        self._topics = topics
        self._serving = serving
        self._keepers = keepers
        self._settings = settings
        self._member = member
        self._on_critical = on_critical or self._stop_itself
        self._stopping = stopping
        self._stop_lock = threading.Lock()
        #: What `stop` gives; None before it has ended.
        self._ended: bool | None = None
        #: Why it cannot go on, the first error of several; set before `on_critical` is called.
        self.failure: BaseException | None = None
        self._work = WorkQueue()
        self._departed = Departed()
        self._assignments = Assignments()
        self._deliveries = deliveries
        self._atomic = atomic
        self._one_by_one = one_by_one
        self._listeners = [
            listener
            for subscription in serving.subscriptions
            for listener in self._connected(subscription)
        ]
        self._executors = [
            Executor(
                index=index,
                work=self._work,
                perform=performing.perform,
                stop_process=self._fail,
            )
            for index in range(settings.concurrency)
        ]
        for thread in self._threads:
            thread.died = partial(self._died, thread)

    def start(self) -> None:
        """Begin to work; returns at once."""
        for thread in self._threads:
            thread.start()
        events.announce(
            "worker.started",
            queues=tuple(self._serving.queues()),
            concurrency=len(self._executors),
        )

    def quiet(self) -> None:
        """Begin no further job, but keep the partitions."""
        for listener in self._listeners:
            listener.quiet()
        events.announce("worker.quieted")

    def stop(self) -> bool:
        """End in order: running jobs finish and are marked, the rest is left to others.

        Returns whether everything ended within `shutdown_timeout` seconds. Any thread may call this
        but those of jobs; whoever comes second is given the same answer.
        """
        with self._stop_lock:
            if self._ended is None:
                self._ended = self._stop()
            return self._ended

    def _stop(self) -> bool:
        self._stopping.set()
        events.announce("worker.stopping")
        until = clock.monotonic() + self._settings.shutdown_timeout
        for thread in (*self._keepers, *self._listeners):
            thread.stop(until)
        self._join(self._listeners, until)
        self._work.close(len(self._executors))
        self._join((*self._executors, *self._keepers), until)
        unfinished = self.running()
        forced = any(thread.is_alive() for thread in self._threads)
        if not forced:
            # The jobs of this process that are performed elsewhere have nothing to end early for.
            self._stopping.clear()
        events.announce("worker.stopped", forced=forced, unfinished=unfinished)
        return not forced

    @property
    def assignments(self) -> tuple[Assigned, ...]:
        """The partitions that it holds now."""
        return self._assignments.now()

    def running(self) -> tuple[str, ...]:
        """The jobs that run now: class, id, topic, partition and offset of each."""
        return tuple(
            f"{performing.describe(record.value)} at {source.topic}[{source.partition}]"
            f"@{record.offset}"
            for holder in (*self._listeners, self._departed)
            for source, record in holder.running
        )

    @property
    def _threads(self) -> list[VitalThread]:
        return [*self._executors, *self._listeners, *self._keepers]

    def _fail(self, error: BaseException) -> None:
        """It cannot go on."""
        if self.failure is None:
            self.failure = error
        self._on_critical()

    def _died(self, thread: VitalThread, error: BaseException) -> None:
        self._fail(error)
        with suppress(BaseException):  # the process stops, whether that can be said or not
            events.announce("thread.died", thread=thread.name, error=error)

    def _stop_itself(self) -> None:
        threading.Thread(target=self.stop, name="samovar-stop", daemon=True).start()

    def _join(self, threads: Sequence[threading.Thread], until: float) -> None:
        for thread in threads:
            thread.join(max(0.0, until - clock.monotonic()))

    def _connected(self, subscription: Subscription) -> Iterator[Listener | ShareListener]:
        """The listeners of a subscription, each with a connection of its own."""
        if not subscription.is_shared:
            yield from (self._listener(subscription, copy) for copy in range(subscription.copies))
            return
        dead = self._dead_letters(subscription)
        yield from Connections(
            subscription,
            broker=self._broker,
            topics=self._topics,
            serving=self._serving,
            deliveries=self._deliveries,
            one_by_one=self._one_by_one,
            dispatch_dead=dead.dispatch,
            stop_process=self._fail,
            executors=self._settings.concurrency,
            processes=self._settings.processes,
            work=self._work,
        ).listeners()

    def _listener(self, subscription: Subscription, copy: int) -> Listener:
        """One of the connections of a subscription."""
        own = subscription.options.member + (f"_{copy}" if subscription.copies > 1 else "")
        options = replace(subscription.options, member="_".join(filter(None, (self._member, own))))
        dead = self._dead_letters(subscription)
        ledger = Ledger(store=self._atomic, admin=self._topics.admin, group=subscription.group)
        return Listener(
            name="-".join(filter(None, (subscription.group, subscription.name, own))),
            group=subscription.group,
            connect=partial(self._broker.consumer, subscription.group, options),
            subscriber=partial(self._subscriber, subscription),
            patience=subscription.max_wait_time,
            producer=self._deliveries,
            make=partial(self._partition, subscription, dead, ledger),
            departed=self._departed,
            assignments=self._assignments,
            settling=Settling(
                processes=1 if subscription.is_direct else self._settings.processes,
                partitions=partial(self._partitions, subscription),
            ),
            work=self._work,
            after_poll=ledger.follow
            if any(marks_in_transactions(topic) for topic in subscription.topics)
            else None,
            fenced=self._fenced,
        )

    def _dead_letters(self, subscription: Subscription) -> DeadLetters:
        return DeadLetters(
            group=subscription.group,
            producer=self._producer,
            deliveries=self._deliveries,
            topics=self._topics,
        )

    def _partitions(self, subscription: Subscription) -> int:
        """How many partitions the members of its group share."""
        names = self._serving.names(subscription)
        # Asked for: a process that other ones start beside it has not looked at any topic yet.
        counts = self._topics.counts()
        return sum(counts.get(name, 0) for name in names) // subscription.copies

    def _fenced(self, error: FencedError) -> None:
        """To fight for the place would only fence the other in turn."""
        self._fail(error)
        events.announce("listener.fenced", error=error)

    def _subscriber(self, subscription: Subscription) -> Subscriber:
        if subscription.is_direct:
            return Taking(partial(self._serving.partitions, subscription))
        names = partial(self._serving.names, subscription)
        return Sharing(names, changes=subscription.changes)

    def _partition(
        self,
        subscription: Subscription,
        dead: DeadLetters,
        ledger: Ledger,
        source: TopicPartition,
        first: Stage | None,
    ) -> Partition:
        return coordinate(
            source,
            self._serving.topic(subscription, source.topic),
            executors=self._settings.concurrency,
            invite=self._work.put,
            produce=self._producer.produce,
            dispatch_dead=dead.dispatch,
            stop_process=self._fail,
            first=first,
            ledger=ledger,
        )
