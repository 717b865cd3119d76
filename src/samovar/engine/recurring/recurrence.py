"""An application's recurring tasks on a log, put together: kept by workers, looked at by people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from samovar.broker.port import (
    Admin,
    AtomicProducer,
    Broker,
    NewRecord,
    Producer,
    TopicPartition,
    TopicSpec,
)
from samovar.engine.kept.keeper import Keeper
from samovar.engine.recurring import ledger
from samovar.engine.recurring.ledger import RecurringLedger
from samovar.engine.topics.existing import Topics
from samovar.errors import ArgumentError
from samovar.job.job import Job
from samovar.job.job_data import EnqueueRequest
from samovar.recurring.port import TaskState
from samovar.recurring.task import RecurringTask, RecurringTasks
from samovar.support import clock
from samovar.support.wording import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task as it stands."""

    task: RecurringTask
    enabled: bool
    #: The tick that was fired or passed over last, seconds since the epoch; None: none yet.
    last: int | None
    #: The tick that comes next; None: there is none any more, or the task is disabled.
    next: int | None


class Recurrence:
    """The recurring tasks of one application on its log."""

    def __init__(
        self,
        tasks: RecurringTasks,
        *,
        group: str,
        broker: Broker,
        admin: Admin,
        topics: Topics,
        producer: Producer,
    ) -> None:
        self._tasks = tasks
        self._group = group
        self._broker = broker
        self._admin = admin
        self._topics = topics
        self._producer = producer
        self._spec = ledger.spec(group)

    def topics(self) -> tuple[TopicSpec, ...]:
        """The topic that must be there, if anything recurs."""
        return (self._spec,) if len(self._tasks) else ()

    def keepers(
        self, record_of: Callable[[EnqueueRequest], NewRecord], adapter_name: str
    ) -> Sequence[Keeper]:
        """What a worker does for them; `record_of` makes the records of their jobs."""

        def make(source: TopicPartition, producer: AtomicProducer) -> RecurringLedger:
            return RecurringLedger(
                source,
                producer,
                tasks=self._tasks,
                record_of=record_of,
                adapter_name=adapter_name,
            )

        return [
            Keeper(
                topic=spec.name,
                group=ledger.keeper_group(self._group),
                broker=self._broker,
                make=make,
            )
            for spec in self.topics()
        ]

    def views(self) -> list[TaskView]:
        """Each task as it stands, by name.

        Raises:
            BrokerError: the log could not be asked.
        """
        there = self._spec.name in self._topics.names()
        states: Mapping[str, TaskState] = {}
        if there:
            states = ledger.read(self._admin, self._group).states
        now = clock.now_ns() // 1_000_000_000
        views: list[TaskView] = []
        for task in sorted(self._tasks, key=lambda task: task.name):
            state = states.get(task.name)
            enabled = state is None or state.enabled
            following = task.schedule.next_tick(now) if enabled else None
            last = state.last if state else None
            views.append(TaskView(task=task, enabled=enabled, last=last, next=following))
        return views

    def fired_elsewhere(self) -> frozenset[str] | None:
        """Which tasks the process fires that does so for this group now; None: there is none.

        Raises:
            BrokerError: the log could not be asked.
        """
        topic, group = self._spec.name, ledger.keeper_group(self._group)
        if group not in self._admin.readers([topic]).get(topic, ()):
            return None
        return ledger.read(self._admin, self._group).fires

    def enable(self, *names: str, enabled: bool = True) -> None:
        """Let tasks fire at their ticks, or no longer; "*" is all. Whichever worker fires them
        does so from now on, and the next one remembers.

        Raises:
            ArgumentError: there is no such task.
            BrokerError: it may not be stored.
        """
        for name in names:
            if name != "*":
                self.find(name)
        self._topics.ensure([self._spec])
        self._producer.produce_sync([ledger.command(self._group, names, enabled=enabled)])

    def run(self, name: str) -> list[Job]:
        """Enqueue the job of a task now, whatever its schedule, enabled or not; "*" is all.

        Raises:
            ArgumentError: there is no such task.
        """
        tasks = list(self._tasks) if name == "*" else [self.find(name)]
        jobs = [task.job() for task in tasks]
        for job in jobs:
            job.enqueue()
        return jobs

    def find(self, name: str) -> RecurringTask:
        """The task of that name.

        Raises:
            ArgumentError: there is none; names the one that was probably meant.
        """
        task = self._tasks.find(name)
        if task is not None:
            return task
        known = sorted(task.name for task in self._tasks)
        meant = nearest(name, known)
        hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(known) or 'none'}."
        raise ArgumentError(f"There is no recurring task {name!r}; {hint}")
