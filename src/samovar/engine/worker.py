"""A worker process's engine: listeners that poll, executors that perform, and an orderly end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samovar import events
from samovar.broker.port import Broker, Deliveries, Producer, TopicPartition
from samovar.engine import performer
from samovar.engine.coordinator import Coordinator
from samovar.engine.dead_letters import DeadLetters
from samovar.engine.executor import Executor
from samovar.engine.flow import assembly
from samovar.engine.keeper import Keeper
from samovar.engine.listener import Listener
from samovar.engine.partition import Partition
from samovar.engine.routing.routes import Routes
from samovar.engine.settings import WorkerSettings
from samovar.engine.topics import Topics
from samovar.engine.work_queue import WorkQueue
from samovar.support import clock


class Worker:
    """Performs the jobs of some queues of one group until it is stopped."""

    def __init__(
        self,
        *,
        group: str,
        broker: Broker,
        producer: Producer,
        deliveries: Deliveries,
        topics: Topics,
        routes: Routes,
        queues: Callable[[], Sequence[str]],
        discovers: bool,
        settings: WorkerSettings,
        on_critical: Callable[[], None],
        keepers: Sequence[Keeper] = (),
    ) -> None:
        """`deliveries` are those of every producer that jobs may go through. `queues` gives real
        names. `on_critical` is called when a job ends the process. `keepers` work beside it.
        """
        self._keepers = keepers
        self._settings = settings
        self._routes = routes
        self._queues = queues
        self._stop_process = on_critical
        self._work = WorkQueue()
        self._dead = DeadLetters(group=group, producer=producer, topics=topics)
        self._listener = Listener(
            group=group,
            broker=broker,
            producer=deliveries,
            topics=queues,
            discovers=discovers,
            make=self._partition,
            work=self._work,
        )
        self._executors = [
            Executor(
                index=index,
                work=self._work,
                perform=performer.perform,
                stop_process=on_critical,
            )
            for index in range(settings.concurrency)
        ]

    def start(self) -> None:
        """Begin to work; returns at once."""
        for thread in (*self._executors, self._listener, *self._keepers):
            thread.start()
        events.announce(
            "worker.started", queues=tuple(self._queues()), concurrency=len(self._executors)
        )

    def quiet(self) -> None:
        """Begin no further job, but keep the partitions."""
        self._listener.quiet()
        events.announce("worker.quieted")

    def stop(self) -> bool:
        """End in order: running jobs finish and are marked, the rest is left to others.

        Returns whether everything ended within `shutdown_timeout` seconds.
        """
        events.announce("worker.stopping")
        until = clock.monotonic() + self._settings.shutdown_timeout
        for keeper in self._keepers:
            keeper.stop()
        self._listener.stop()
        self._listener.join(self._settings.shutdown_timeout)
        self._work.close(len(self._executors))
        for thread in (*self._executors, *self._keepers):
            thread.join(max(0.0, until - clock.monotonic()))
        unfinished = self.running()
        threads = (self._listener, *self._executors, *self._keepers)
        forced = any(thread.is_alive() for thread in threads)
        events.announce("worker.stopped", forced=forced, unfinished=unfinished)
        return not forced

    def running(self) -> tuple[str, ...]:
        """The jobs that run now: class, id, topic, partition and offset of each."""
        return tuple(
            f"{performer.describe(record.value)} at {p.source.topic}[{p.source.partition}]"
            f"@{record.offset}"
            for p in self._listener.partitions
            for record in p.running
        )

    def _partition(self, source: TopicPartition) -> Partition:
        topic = self._routes.find(source.topic)
        return Coordinator(
            source=source,
            topic=topic,
            gate=assembly.gate(topic, source),
            dispatch_dead=self._dead.dispatch,
            stop_process=self._stop_process,
        )
