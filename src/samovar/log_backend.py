"""What an application runs on a log, Kafka or the embedded one: a broker with what is made of it.

Everything of one log is made here, once in a process, from the settings and what is declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from samovar import backends, events
from samovar.backend import Declared, Traits, WorkOrder
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import ConsumerOptions, Producer, TopicSpec
from samovar.engine.enqueuing.adapter import LogAdapter
from samovar.engine.failing.dead_letter_store import DeadLetterStore
from samovar.engine.inspecting import queues
from samovar.engine.inspecting.inspector import LogInspector
from samovar.engine.kept.keeper import Keeper
from samovar.engine.producing.buffer import Buffer
from samovar.engine.producing.destinations import Destinations
from samovar.engine.producing.message_producer import MessageProducer
from samovar.engine.producing.outlet import Outlet
from samovar.engine.producing.pool import ProducerPool
from samovar.engine.producing.transactions import AtomicStore
from samovar.engine.recurring.recurrence import Recurrence
from samovar.engine.routing import job_classes
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import Topic
from samovar.engine.scheduled.scheduling import Scheduling
from samovar.engine.share_groups.copies import ONE_BY_ONE
from samovar.engine.starting import report
from samovar.engine.starting.neighbours import Neighbours
from samovar.engine.starting.report import ServedQueue
from samovar.engine.topics.alignment import Alignment
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving
from samovar.engine.worker import Worker
from samovar.errors import ConfigurationError
from samovar.recurring.task import RecurringTasks
from samovar.settings import Settings

#: After how long a transaction is undone whose process was killed while it stored it, in seconds.
#: No later process bears its name and could undo it sooner.
TRANSACTION_SECONDS = 10.0
#: Set by `expect_worker`.
_is_worker_process = False


def expect_worker() -> None:
    """Say, before any application is made, that this process will perform jobs.

    What its modules enqueue while they are imported is then delivered as patiently as what its
    jobs enqueue.
    """
    global _is_worker_process
    _is_worker_process = True


def is_worker_process() -> bool:
    """Whether `expect_worker` was called."""
    return _is_worker_process


def open_backend(declared: Declared) -> LogBackend:
    """The log that `declared` names.

    Raises:
        ConfigurationError: the log lacks a setting or a library.
    """
    return LogBackend(declared)


class LogBackend:
    """A broker, and the producers and the one view of topics that this process shares.

    A `Backend`.
    """

    traits = Traits(performs=True, is_log=True)

    def __init__(self, declared: Declared) -> None:
        """
        Raises:
            ConfigurationError: the log lacks a setting or a library.
        """
        self.name = name = declared.name
        self._settings = settings = cast("Settings", declared.settings)
        self._routes: Routes = declared.routes
        self._scheduling: Scheduling = declared.scheduling
        self._tasks: RecurringTasks = declared.tasks
        self._stopping = declared.stopping
        if name == "embedded" and settings.assumes_log:
            _take_users_log(settings)
        wing = settings.kafka if name == "kafka" else settings.embedded
        self.broker = backends.broker(name)(wing, commit_interval=settings.worker.commit_interval)
        self.admin = self.broker.admin()
        self.topics = Topics(self.admin)
        self._pool = ProducerPool(self._make_producer)
        #: Set before the producer is used first: a worker's must never give a record up.
        self._is_workers = _is_worker_process
        self._messages: MessageProducer | None = None
        self._atomic = AtomicStore(
            partial(self.broker.atomic_producer, patience=TRANSACTION_SECONDS),
            f"{settings.kafka.group}-messages",
        )
        self._adapters: list[LogAdapter] = []

    def adapter(self) -> LogAdapter:
        """Takes jobs."""
        adapter = LogAdapter(
            name=self.name,
            producer=self._producer,
            deliveries=self._pool,
            topics=self.topics,
            routes=self._routes,
            stopping=self._stopping,
            flush_each=self._pool.delivers_each,
            waiting=None
            if self._schedules
            else self._scheduling.waiting(
                admin=self.admin, topics=self.topics, producer=self._producer
            ),
        )
        self._adapters.append(adapter)
        return adapter

    @property
    def messages(self) -> MessageProducer:
        """What `App.producer` gives."""
        if self._messages is None:
            destinations = Destinations(topics=self.topics, routes=self._routes)
            self._messages = MessageProducer(
                Outlet(self._pool, self._atomic, destinations, Buffer()),
                real_name=self._settings.job.real_queue,
            )
        return self._messages

    @property
    def recurrence(self) -> Recurrence:
        """The recurring tasks, and what is remembered of them."""
        return Recurrence(
            self._tasks,
            group=self._settings.kafka.group,
            broker=self.broker,
            admin=self.admin,
            topics=self.topics,
            producer=self._producer,
        )

    def worker(self, order: WorkOrder) -> Worker:
        """Performs the jobs of the topics that are ordered."""
        serving = self.serving(order.queues, order.choice)
        if order.member in ("", "0"):  # the first process speaks for all
            self._announce_neighbours(serving)
        return Worker(
            broker=self.broker,
            producer=self._producer,
            deliveries=self._pool,
            atomic=self._atomic,
            one_by_one=partial(self._pool.producer, ONE_BY_ONE),
            topics=self.topics,
            serving=serving,
            settings=self._settings.worker,
            member=order.member,
            on_critical=order.on_critical,
            stopping=order.stopping,
            keepers=self._keepers(self.adapter()),
        )

    def serving(self, queues: Sequence[str], choice: Choice | None) -> Serving:
        """What a worker serves if it is given these queues (logical names)."""
        choice = choice or Choice()
        if queues:
            real = tuple(self._settings.job.real_queue(queue) for queue in queues)
            choice = replace(choice, queues=real)
        return Serving(
            routes=self._routes,
            topics=self.topics,
            group=self._settings.kafka.group,
            class_queues=job_classes.queues,
            serves_all=self.name == "embedded",
            never=[spec.name for spec in self._scheduling.topics()],
            choice=choice,
        )

    def start_report(self, serving: Serving) -> list[ServedQueue]:
        """What becomes of the jobs of each queue that a worker serves."""
        return report.served(serving, self.topics)

    def _announce_neighbours(self, serving: Serving) -> None:
        """Say, before a worker starts, what of its queues and tasks others touch, or nobody."""
        kafka = self._settings.kafka
        is_tried_out = self._settings.environment in ("development", "test")
        if self.name == "kafka" and not is_tried_out and kafka.group == KafkaSettings().group:
            events.announce("group.unnamed", group=kafka.group)
        Neighbours(
            group=kafka.group, routes=self._routes, topics=self.topics, recurrence=self.recurrence
        ).announce(serving, self._tasks)

    def dead_letter_store(self) -> DeadLetterStore:
        """The dead letter store: what failed for good."""
        return DeadLetterStore(
            admin=self.broker.admin(),
            producer=lambda: self._producer,
            group=self._settings.kafka.group,
            declared=[dead for topic in self._routes if (dead := topic.dead_letter_topic)],
            queues=[topic.name for topic in self._routes],
            real_name=self._settings.job.real_queue,
        )

    def inspector(self) -> LogInspector:
        """Shows what is in the queues and dead letter queues, and acts on dead jobs."""
        store, serving = self.dead_letter_store(), self.serving((), None)
        return LogInspector(
            self.broker.admin(),
            store,
            queues=lambda: queues.of(serving, store.topics()),
            real_name=self._settings.job.real_queue,
            offsets_are_dense=self.name == "embedded",
        )

    def create_topics(self, also: Sequence[Topic]) -> list[str]:
        """Create what is declared and missing, and these; the names of those created."""
        specs = {spec.name: spec for topic in (*self._declared(), *also) for spec in topic.specs}
        return self.topics.ensure((*specs.values(), *self._own_topics()))

    def alignment(self) -> Alignment:
        """The declared topics against the log's own."""
        return Alignment(admin=self.admin, topics=self._declared(), others=self._own_topics())

    def faults(self, *, performs: bool, order: WorkOrder | None = None) -> list[str]:
        """What of all that is declared this log cannot do."""
        faults = [*self._schedule_faults(), *self._client_faults()]
        if performs:
            self._is_workers = True
            if not self._schedules:
                faults += self._scheduling.faults()
        if order is not None:
            faults += self.serving(order.queues, order.choice).faults()
        return faults

    def summary(self) -> list[str]:
        """Where the log is."""
        if self.name == "embedded":
            return [f"Log: {self._settings.embedded.path}."]
        kafka = self._settings.kafka
        return [f"Kafka: {kafka.bootstrap_servers}, as the group {kafka.group}."]

    def deliver_each(self) -> None:
        """Wait for all that is sent from now on: the process is ending, and nobody will later."""
        self._pool.delivers_each = True
        for adapter in self._adapters:
            adapter.flush_each()

    def flush(self, timeout: float) -> int:
        """Deliver all that was sent or is kept; how many records were not delivered, which is
        reported.
        """
        lost = self._messages.hand_over_kept() if self._messages is not None else 0
        return self._pool.deliver(timeout, lost=lost)

    def close(self, timeout: float) -> int:
        """The same, and send nothing any more."""
        self._pool.is_closed = True
        lost = self._messages.close() if self._messages is not None else 0
        undelivered = lost + self._pool.close(timeout)
        if undelivered:
            events.announce("producer.undelivered", count=undelivered)
        self.topics.close()
        return undelivered

    @property
    def _producer(self) -> Producer:
        """The producer that jobs go through, made when it is needed."""
        return self._pool.usual

    @property
    def _schedules(self) -> bool:
        """Whether the log itself keeps jobs until they are due."""
        return self.broker.traits.schedules

    def _make_producer(self, topic_config: Mapping[str, Any]) -> Producer:
        return self.broker.producer(patient=self._is_workers, topic_config=topic_config)

    def _declared(self) -> list[Topic]:
        """The declared topics; with nothing declared, those of the queues that job classes name."""
        if len(self._routes):
            return list(self._routes)
        return [self._routes.find(queue) for queue in job_classes.queues()]

    def _schedule_faults(self) -> Iterator[str]:
        """Topics in which jobs wait, and which would have them performed before their time."""
        queues = {topic.name for topic in self._routes if topic.pattern is None}
        dead = {topic.dead_letter_topic for topic in self._routes}
        for name in sorted(filter(None, queues | dead | set(job_classes.queues()))):
            if name in self._scheduling.schedules:
                yield (
                    f"scheduled_messages: {name!r} holds jobs until their time, so it can be no "
                    "queue and no dead letter topic as well; name another topic."
                )

    def _client_faults(self) -> Iterator[str]:
        """What the log's client says to the properties of each topic."""
        for topic in self._routes:
            if topic.kafka or topic.share_group:
                options = ConsumerOptions(properties=topic.kafka)
                for fault in self.broker.consumer_faults(options, shares=topic.share_group):
                    yield f"job_topic({topic.name!r}): {'kafka: ' if topic.kafka else ''}{fault}"

    def _own_topics(self) -> list[TopicSpec]:
        """What must be there besides the queues: where jobs wait, and what recurring tasks
        remember.
        """
        schedules = () if self._schedules else self._scheduling.topics()
        return [*schedules, *self.recurrence.topics()]

    def _keepers(self, adapter: LogAdapter) -> list[Keeper]:
        keepers = list(self.recurrence.keepers(adapter.record, adapter.name))
        if not self._schedules:
            keepers += self._scheduling.keepers(
                broker=self.broker,
                producer=self._producer,
                topics=self.topics,
                routes=self._routes,
            )
        return keepers


def _take_users_log(settings: Settings) -> None:
    """See that the log that nothing names can be made, and report where it is."""
    path = settings.embedded.path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"No settings file was found, and the log of this user cannot be made: {error}. "
            f"Name a settings file (SAMOVAR_CONFIG) or a log (SAMOVAR_EMBEDDED__PATH)."
        ) from error
    events.announce("log.assumed", path=str(path), searched=[str(p) for p in settings.searched])
