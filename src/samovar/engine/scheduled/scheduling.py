"""An application's scheduling, put together: what is checked, made, kept and waited in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from samovar.broker.port import Admin, AtomicProducer, Broker, Producer, TopicPartition, TopicSpec
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.kept.keeper import Keeper
from samovar.engine.kept.topics import keeper_group
from samovar.engine.routing.job_options import options_of
from samovar.engine.routing.routes import Routes
from samovar.engine.scheduled.schedule import Schedule
from samovar.engine.scheduled.targets import Targets
from samovar.engine.scheduled.topics import ScheduleTopics
from samovar.engine.scheduled.waiting import Waiting
from samovar.engine.topics.existing import Topics
from samovar.job.delays import delays
from samovar.job.state import JOB_CLASSES


class Scheduling:
    """The schedule topics of one application, for logs that hold no jobs themselves."""

    def __init__(self, real_name: Callable[[str], str], group: str) -> None:
        self.schedules = ScheduleTopics(real_name)
        self._group = group

    def topics(self) -> tuple[TopicSpec, ...]:
        """The topics that must be there."""
        self._learn_of_classes()
        return tuple(self.schedules)

    def faults(self) -> Iterator[str]:
        """Job classes that will wait and have no place for it."""
        for name, cls in JOB_CLASSES:
            if self.schedules.find(options_of(cls)["scheduled_messages_topic"]) is not None:
                continue
            for delay in delays(cls):
                yield (
                    f"{name}: {delay} waits, and Kafka holds no jobs until later by itself. Name a "
                    'topic for it: app.scheduled_messages("scheduled_jobs"); or do without '
                    "waiting: wait=0."
                )

    def waiting(self, *, admin: Admin, topics: Topics, producer: Producer) -> Waiting:
        """Where those who enqueue let jobs wait."""
        return Waiting(
            schedules=self.schedules,
            topics=topics,
            admin=admin,
            producer=producer,
        )

    def keepers(
        self, *, broker: Broker, producer: Producer, topics: Topics, routes: Routes
    ) -> Sequence[Keeper]:
        """What a worker does for the jobs that wait: one keeper a topic."""
        dead = DeadLetters(group=self._group, producer=producer, deliveries=producer, topics=topics)
        targets = Targets(dead=dead, topics=topics, routes=routes)

        def make(source: TopicPartition, producer: AtomicProducer) -> Schedule:
            return Schedule(source, producer, targets)

        return [
            Keeper(
                topic=spec.name,
                group=keeper_group(spec.name),
                broker=broker,
                make=make,
            )
            for spec in self.topics()
        ]

    def _learn_of_classes(self) -> None:
        chosen = (options_of(cls)["scheduled_messages_topic"] for _, cls in JOB_CLASSES)
        self.schedules.also(name for name in chosen if name is not None)
