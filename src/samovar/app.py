"""The application object: settings and routes put together into adapters and workers."""

from __future__ import annotations

import atexit
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from samovar import backends, events
from samovar.backend import Backend, Declared, Traits, WorkOrder
from samovar.backend import Worker as AnyWorker
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.failing.dead_letter_store import DeadLetterStore
from samovar.engine.flow import assembly
from samovar.engine.polling.assignments import Assigned
from samovar.engine.producing.message_producer import MessageProducer
from samovar.engine.producing.outlet import stand_in
from samovar.engine.recurring.recurrence import Recurrence
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.subscriptions import group_faults, subscriptions
from samovar.engine.routing.topic_settings import (
    AnyTopicSettings,
    JobTopicSettings,
    PlainTopicSettings,
)
from samovar.engine.scheduled.scheduling import Scheduling
from samovar.engine.scheduled.topics import PARTITIONS
from samovar.engine.starting.report import ServedQueue
from samovar.engine.topics.alignment import Alignment
from samovar.engine.worker import Worker
from samovar.errors import ConfigurationError, ProducerClosedError
from samovar.inspection.port import Inspector
from samovar.job import current_attributes, runtime
from samovar.job.context import CURRENT_JOB
from samovar.job.current_attributes import CurrentAttributes, persist
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.serializers import records
from samovar.job.state import JOB_CLASSES
from samovar.log_backend import LogBackend, is_worker_process
from samovar.monitoring import log_subscriber
from samovar.monitoring.options import LogOptions
from samovar.processes import exit_status
from samovar.recurring.task import RecurringTasks
from samovar.settings import Settings, load
from samovar.support import clock
from samovar.support.wording import nearest

#: How long an ending process waits for records that are still to be delivered, in seconds.
EXIT_SECONDS = 30.0


class App:
    """An application: `App()` reads the configuration; keyword arguments override it.

        app = App(queue_adapter="kafka", kafka={"bootstrap_servers": "localhost:9092"})
        app.job_topic("payments", partitions=6)

    The application made last is the one that jobs are enqueued through.
    """

    def __init__(self, *, settings: Settings | None = None, **overrides: Any) -> None:
        """
        Raises:
            ConfigurationError: every fault of the settings, at once.
        """
        self.settings = settings if settings is not None else load(overrides=overrides)
        #: Settings of every job.
        self.job_settings = self.settings.job
        self.routes = Routes(self.settings.job.real_queue, assembly.refusals)
        self._scheduling = Scheduling(self.settings.job.real_queue, self.settings.kafka.group)
        self._tasks = RecurringTasks()
        self._lock = threading.RLock()
        #: What takes jobs, by name; guarded by `_lock`.
        self._adapters: dict[str, QueueAdapter] = {}
        #: What is open, by name; guarded by `_lock`.
        self._backends: dict[str, Backend] = {}
        #: What `producer` gives while another log stands in for the application's.
        self._stand_in_producer: MessageProducer | None = None
        self._stopping = threading.Event()
        self._worker: AnyWorker | None = None
        self._is_exiting = False
        self._is_closed = False
        log_subscriber.attach(
            every_job=self.job_settings.log_every_job,
            options=LogOptions(
                log_arguments=self.job_settings.log_arguments,
                verbose_enqueue_logs=self.job_settings.verbose_enqueue_logs,
                current_job=CURRENT_JOB.get,
                global_id=records.global_id,
            ),
        )
        runtime.install(self)

    def job_topic(self, name: str | re.Pattern[str], **settings: Unpack[JobTopicSettings]) -> None:
        """Declare the topic of a queue, by its logical name; or, by a compiled pattern, every topic
        whose real name it matches as a whole, also ones that are made later.

        The page on topic settings lists what each one means. Faults are reported together when a
        worker starts or `samovar topics` runs.
        """
        self.routes.declare(name, **settings)

    def scheduled_messages(
        self,
        name: str,
        *,
        partitions: int = PARTITIONS,
        replication_factor: int | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Name the topic in which jobs wait for their time on Kafka; the first one is the default
        of every job class. The embedded log needs none, and makes none.

        Faults are reported when a worker starts or `samovar topics` runs.
        """
        self._scheduling.schedules.declare(
            name, partitions=partitions, replication_factor=replication_factor, config=config
        )

    def topic_defaults(self, **settings: Unpack[AnyTopicSettings]) -> None:
        """Settings of every topic that is declared from now on. A topic's own setting takes the
        place of the default as a whole; `config` and `kafka` are laid over it, name by name.
        """
        self.routes.set_defaults(**settings)

    def consumer_group(self, name: str) -> AbstractContextManager[None]:
        """The consumer group `name` reads what is declared in this ``with`` block, so that each job
        is performed there once, whatever other groups do.
        """
        return self.routes.consumer_group(name)

    def subscription_group(
        self, name: str, *, multiplexing: int = 1
    ) -> AbstractContextManager[None]:
        """What is declared in this ``with`` block has a connection of its own in each worker
        process, or `multiplexing` of them, which share its partitions.
        """
        return self.routes.subscription_group(name, multiplexing=multiplexing)

    def recurring(
        self,
        name: str,
        job_class: Any,
        *,
        cron: str | None = None,
        every: float | timedelta | None = None,
        time_zone: str | ZoneInfo = "UTC",
        arguments: Sequence[Any] = (),
        keyword_arguments: Mapping[str, Any] | None = None,
        queue: str | None = None,
        priority: int | None = None,
        catch_up: bool = True,
        version: int = 0,
    ) -> None:
        """Let a job be enqueued again and again: at the ticks of a cron line in a time zone, or
        every so many whole seconds (counted from 1970, so that all processes agree).

            app.recurring("nightly-cleanup", CleanupJob, cron="0 2 * * *")

        The class may be given by its job name, `"CleanupJob"`, which needs no import of it here.

        Each tick is fired once, whichever workers are up. Ticks that pass while none is up are made
        up for by one job, unless `catch_up` is False. Of several processes that declare a task with
        different versions, only those with the highest one fire it. Faults are reported when a
        worker starts.
        """
        self._tasks.declare(
            name,
            job_class,
            cron=cron,
            every=every,
            time_zone=time_zone,
            arguments=arguments,
            keyword_arguments={} if keyword_arguments is None else keyword_arguments,
            queue=queue,
            priority=priority,
            catch_up=catch_up,
            version=version,
        )

    @property
    def recurrence(self) -> Recurrence:
        """The recurring tasks, and what is remembered of them.

        Raises:
            ConfigurationError: tasks are wrong, or the queue adapter is no log.
        """
        if self._tasks.faults:
            raise ConfigurationError(self._tasks.faults)
        return self._log().recurrence

    def topic(
        self, name: str, *, consumer: Callable[[], Consumer], **settings: Unpack[PlainTopicSettings]
    ) -> None:
        """Declare a plain topic, by its logical name: its records are no jobs, but worked on by
        `consumer`, a class that inherits `samovar.Consumer`.

        Settings: those of `job_topic` but `ordering`, `virtual_partitions` and `share_group`; and
        `deserializer` (a callable of a `Message`, by default its JSON), `manual_marks` (the end of
        a batch marks nothing), `periodic` (seconds without work after which the consumer's `tick`
        is called).
        """
        self.routes.declare(name, consumer=consumer, **settings)

    def persist(self, *classes: type[CurrentAttributes] | str) -> None:
        """Let these classes of current attributes travel with jobs. Every process that enqueues
        or performs must name the same ones in the same order. A class may be given by its name,
        which needs no import: `app.persist("Current")`.

        Raises:
            ArgumentError: something else was given, or several classes bear the name.
        """
        persist(*classes)

    def adapter(self, name: str | None = None) -> QueueAdapter:
        """The queue adapter of that name, made on first use; None is the configured one.

        Raises:
            ConfigurationError: there is none of that name, or it lacks a setting or a library.
            ProducerClosedError: the application was closed.
        """
        chosen = name or self.settings.queue_adapter
        found = self._adapters.get(chosen)
        return found if found is not None else self._make_adapter(chosen)

    @property
    def producer(self) -> MessageProducer:
        """Sends messages to any topic of the application's log; see `MessageProducer`.

        Raises:
            ConfigurationError: the queue adapter has no log.
            ProducerClosedError: the application was closed.
        """
        if (other := stand_in()) is not None:
            self._check_open()
            if self._stand_in_producer is None:
                self._stand_in_producer = MessageProducer(
                    other.outlet(self.routes), real_name=self.settings.job.real_queue
                )
            return self._stand_in_producer
        name = self.settings.queue_adapter
        if not self._backend(name).traits.is_log:
            raise ConfigurationError(
                f"app.producer sends messages to the topics of a log, and queue_adapter is "
                f"{name!r}, which has none; expected 'embedded' or 'kafka'."
            )
        self.adapter()  # which is closed when the process ends, and this with it
        return self._log().messages

    def create_topics(self, queues: Sequence[str] = ()) -> list[str]:
        """Create the declared topics that are missing (with nothing declared, the queues that
        job classes name), and those of `queues`, by logical names; the names of those created.
        """
        self.check()
        named = [self.routes.find(self.settings.job.real_queue(queue)) for queue in queues]
        return self._log().create_topics(named)

    def alignment(self) -> Alignment:
        """The declared topics against the log's own: for `samovar topics` and tools like it.

        Raises:
            ConfigurationError: every fault of every route.
        """
        self.check()
        return self._log().alignment()

    def check(self) -> None:
        """See whether all that is declared can be had; in a worker's process, also whether there is
        a topic for jobs that wait.

        Raises:
            ConfigurationError: every fault of everything that was declared.
        """
        if faults := self._faults(performs=is_worker_process()):
            raise ConfigurationError(faults)

    def worker(
        self,
        *,
        queues: Sequence[str] = (),
        choice: Choice | None = None,
        member: str = "",
        on_critical: Callable[[], None] | None = None,
    ) -> AnyWorker:
        """A worker for these queues (logical names), or for all that `queues_to_serve` gives.

        `choice` narrows what is declared; `member` distinguishes this process from others with its
        settings, for static membership. `on_critical` is called, in any thread, when the worker
        cannot go on and is to be stopped: a job has raised SystemExit, say. `Worker.failure` says
        why. By default the worker then stops by itself; the process that it is part of goes on.

        Raises:
            ConfigurationError: routes or settings are wrong; every fault at once.
        """
        order = WorkOrder(
            queues=queues,
            choice=choice,
            member=member,
            on_critical=on_critical,
            stopping=self._stopping,
        )
        if faults := self._faults(performs=True, order=order):
            raise ConfigurationError(faults)
        self.adapter()  # which is closed when the process ends
        self._stopping.clear()
        self._worker = self._backend().worker(order)
        return self._worker

    @property
    def assignments(self) -> tuple[Assigned, ...]:
        """The partitions that this process's worker holds now: `group`, `topic` (its real name),
        `partition` and `generation`, which says how often it has come. Empty where none works.
        """
        return self._worker.assignments if isinstance(self._worker, Worker) else ()

    def dead_letter_store(self) -> DeadLetterStore:
        """The dead letter store: what failed for good. Close it after use.

        Raises:
            ConfigurationError: routes or settings are wrong; every fault at once.
        """
        self.check()
        return self._log().dead_letter_store()

    def inspector(self) -> Inspector:
        """Answers questions about queues and jobs, and acts on dead jobs. Close it after use.

        Raises:
            ConfigurationError: routes or settings are wrong; every fault at once.
        """
        self.check()
        return self._log().inspector()

    @property
    def traits(self) -> Traits:
        """What kind of backend the application's is."""
        return self._backend().traits

    def summary(self) -> list[str]:
        """Where the application's jobs are, in words."""
        return self._backend().summary()

    def queues_to_serve(
        self, queues: Sequence[str] = (), choice: Choice | None = None
    ) -> list[str]:
        """Real names of the queues that a worker serves if it is given these.

        When it is given none: the declared ones; with nothing declared those that job classes name,
        and on the embedded log every queue in the file but those that were made for dead letters.
        """
        return self._log().serving(queues, choice).queues()

    def start_report(
        self, queues: Sequence[str] = (), choice: Choice | None = None
    ) -> list[ServedQueue]:
        """What becomes of the jobs of each queue that such a worker serves."""
        log = self._log()
        return log.start_report(log.serving(queues, choice))

    def slips(self, queues: Sequence[str]) -> list[tuple[str, str]]:
        """Those of `queues` that no job class, no route and no topic knows but for a letter or
        two, each with the name that was probably meant; logical names.
        """
        real, default = self.settings.job.real_queue, self.settings.job.default_queue_name
        named = {cls.queue_as or default for _, cls in JOB_CLASSES}
        made = {topic.name for topic in self.routes} | set(self._log().topics.names())
        there = made | {real(name) for name in named}
        known = named | {n.removeprefix(real("")) for n in made if n.startswith(real(""))}
        unknown = [queue for queue in queues if real(queue) not in there]
        meant = [(queue, nearest(queue, known)) for queue in unknown]
        return [(queue, name) for queue, name in meant if name is not None]

    def stop(self) -> None:
        """From now on, jobs that ask learn that the process is ending."""
        self._stopping.set()

    def flush(self, timeout: float = EXIT_SECONDS) -> int:
        """Deliver all jobs and messages that are on their way or kept, and go on; how many were not
        delivered within `timeout` seconds. Call it where a process may be killed soon.
        """
        with self._lock:
            opened = list(self._backends.values())
        until = clock.monotonic() + timeout
        extra = self._stand_in_producer
        lost = extra.hand_over_kept() if extra is not None else 0
        return lost + sum(backend.flush(max(0.0, until - clock.monotonic())) for backend in opened)

    def close(self, timeout: float = EXIT_SECONDS) -> int:
        """Deliver what is outstanding and let go, for good: what is enqueued or sent from now on
        raises ProducerClosedError. How many jobs and messages were not delivered.
        """
        self._is_closed = True
        return self.release(timeout)

    def release(self, timeout: float = EXIT_SECONDS) -> int:
        """Deliver what is outstanding and let go; used again, the application connects anew. How
        many jobs and messages were not delivered.
        """
        with self._lock:
            opened = _in_order_of_closing(self._backends.values())
            self._adapters, self._backends = {}, {}
        return sum(backend.close(timeout) for backend in opened)

    def _at_exit(self) -> None:
        # A handler that runs later may enqueue still, and nobody will flush after it.
        with self._lock:
            self._is_exiting = True
            opened = _in_order_of_closing(self._backends.values())
            kept = {backend.name for backend in opened if backend.traits.is_log}
            self._adapters = {n: adapter for n, adapter in self._adapters.items() if n in kept}
            self._backends = {n: backend for n, backend in self._backends.items() if n in kept}
        for name in ("producer.failed", "producer.undelivered"):
            events.subscribe(name)(_end_as_failed)
        for backend in opened:
            backend.deliver_each()
        for backend in opened:
            if not backend.traits.is_log:
                backend.close(EXIT_SECONDS)
        self.flush(EXIT_SECONDS)

    def _faults(self, *, performs: bool, order: WorkOrder | None = None) -> list[str]:
        """What is wrong with all that is declared. `performs`: jobs are performed here, as `order`
        says if it is given.
        """
        self._scheduling.topics()  # also those that job classes chose
        faults = [*self.routes.faults, *self._scheduling.schedules.faults, *self._tasks.faults]
        faults += [
            f"persist({name!r}): no class of CurrentAttributes is named so; name the module that "
            f"defines it in `imports`."
            for name in current_attributes.awaited()
        ]
        faults += group_faults(subscriptions(self.routes, self.settings.kafka.group))
        faults += self._backend().faults(performs=performs, order=order)
        if self.settings.worker.processes > 1:
            faults += [
                f"job_topic({topic.name!r}): assign cannot stand with worker.processes = "
                f"{self.settings.worker.processes}: each process would read the same partitions."
                for topic in self.routes
                if topic.assign is not False
            ]
        return faults

    def _make_adapter(self, name: str) -> QueueAdapter:
        with self._lock:
            self._check_open()
            if name not in self._adapters:
                if not self._adapters:
                    atexit.register(self._at_exit)
                made = self._backend(name).adapter()
                # Meanwhile a finalizer that enqueues may have come by in this very thread.
                self._adapters.setdefault(name, made)
            return self._adapters[name]

    def _check_open(self) -> None:
        if self._is_closed:
            raise ProducerClosedError(
                "The application was closed: nothing was sent. Close it after the last use, or use "
                "app.flush() to wait for what is on its way."
            )

    def _log(self) -> LogBackend:
        backend = self._backend()
        if not isinstance(backend, LogBackend):
            raise ConfigurationError(
                f"queue_adapter is {backend.name!r}, which is no log; expected 'embedded' or "
                f"'kafka'."
            )
        return backend

    def _backend(self, name: str | None = None) -> Backend:
        name = name or self.settings.queue_adapter
        found = self._backends.get(name)
        return found if found is not None else self._open(name)

    def _open(self, name: str) -> Backend:
        with self._lock:
            if name not in self._backends:
                opened = backends.opener(name)(
                    Declared(
                        name=name,
                        settings=self.settings,
                        routes=self.routes,
                        scheduling=self._scheduling,
                        tasks=self._tasks,
                        stopping=self._stopping.is_set,
                    )
                )
                if self._is_exiting:
                    opened.deliver_each()
                # Meanwhile a finalizer that enqueues may have come by in this very thread.
                self._backends.setdefault(name, opened)
            return self._backends[name]


def _in_order_of_closing(opened: Iterable[Backend]) -> list[Backend]:
    """Logs last: jobs that end in another backend may still enqueue to one."""
    return sorted(opened, key=lambda backend: backend.traits.is_log)


def _end_as_failed(_: events.Event) -> None:
    exit_status.end_with(exit_status.UNDELIVERED)
