"""What a worker reads now: patterns and undeclared queues are looked up in the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from samovar.broker.port import TopicPartition
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.routes import Routes, assumed
from samovar.engine.routing.subscriptions import Subscription
from samovar.engine.routing.topic import Topic
from samovar.engine.topics.existing import Topics
from samovar.errors import ConfigurationError


class Serving:
    """The subscriptions of one worker, and what each stands for. Any thread may use it."""

    def __init__(
        self,
        *,
        routes: Routes,
        topics: Topics,
        group: str,
        class_queues: Callable[[], Collection[str]],
        serves_all: bool,
        never: Collection[str],
        choice: Choice,
    ) -> None:
        """With nothing declared it serves `class_queues`, the real queues that job classes name,
        and when it `serves_all` every queue of the log besides. Topics that are `never` served
        hold no jobs to perform."""
        self._never = frozenset(never)
        self._routes = routes
        self._topics = topics
        self._group = group
        self._class_queues = class_queues
        self._serves_all = serves_all
        self._choice = choice
        self.subscriptions: Sequence[Subscription] = choice.subscriptions(routes, group)
        #: Topics that were declared by name, by their subscription's place: there may be thousands.
        self._named: dict[tuple[int, str], Topic] = {
            (subscription.position, topic.name): topic
            for subscription in self.subscriptions
            for topic in subscription.topics
            if topic.pattern is None
        }
        self._patterns: dict[int, list[Topic]] = {
            subscription.position: [t for t in subscription.topics if t.pattern is not None]
            for subscription in self.subscriptions
        }

    def faults(self) -> list[str]:
        """What was chosen and is not there."""
        named = {topic.name for topic in self._routes} or set(self._undrawn())
        groups = {topic.group or self._group for topic in self._routes} or {self._group}
        faults = list(self._choice.faults(named, groups))
        if not faults and not self.subscriptions:
            faults.append("Nothing that is declared is left to serve; look at what was excluded.")
        return faults

    def queues(self) -> list[str]:
        """Real names of all topics that it reads now."""
        return sorted({name for s in self.subscriptions for name in self.names(s)})

    def job_queues(self) -> list[str]:
        """Those of `queues` that hold jobs, and not the records of a plain topic."""
        return sorted(
            {
                name
                for subscription in self.subscriptions
                for name in self.names(subscription)
                if self.topic(subscription, name).consumer is None
            }
        )

    def serves(self, name: str) -> bool:
        """Whether it reads this queue, or would as soon as its topic is there."""
        return any(self._reads(subscription, name) for subscription in self.subscriptions)

    def names(self, subscription: Subscription) -> list[str]:
        """Real names of the topics that a subscription reads now."""
        if not subscription.topics:
            return [name for name in self._undrawn() if not self._choice.leaves_out(name)]
        there = self._there() if subscription.changes else ()
        return [
            name
            for topic in subscription.topics
            for name in ([topic.name] if topic.pattern is None else self._found(topic, there))
        ]

    def partitions(self, subscription: Subscription) -> list[TopicPartition]:
        """Partitions that a direct subscription reads now.

        Raises:
            ConfigurationError: a topic has not that many.
        """
        counts = self._topics.counts()
        found: list[TopicPartition] = []
        for topic in subscription.topics:
            count = counts.get(topic.name, 0)
            numbers = range(count) if isinstance(topic.assign, bool) else topic.assign
            if count and (beyond := [n for n in numbers if n >= count]):
                raise ConfigurationError(
                    f"job_topic({topic.name!r}): assign names the partition {beyond[0]}; "
                    f"the topic has {count}, counted from 0."
                )
            found += [TopicPartition(topic.name, number) for number in numbers if number < count]
        return found

    def topic(self, subscription: Subscription, name: str) -> Topic:
        """The settings of a topic that a subscription reads."""
        return self._declared(subscription, name) or assumed(name)

    def _reads(self, subscription: Subscription, name: str) -> bool:
        if subscription.topics:
            return self._declared(subscription, name) is not None
        return not self._choice.leaves_out(name) and (self._serves_all or name in self._undrawn())

    def _declared(self, subscription: Subscription, name: str) -> Topic | None:
        if named := self._named.get((subscription.position, name)):
            return named
        patterns = self._patterns[subscription.position]
        return next((topic.called(name) for topic in patterns if topic.matches(name)), None)

    def _undrawn(self) -> list[str]:
        names = set(self._class_queues())
        if self._serves_all:
            names.update(self._topics.queues())
        return sorted(names)

    def _there(self) -> list[str]:
        """Every topic of the log that a pattern may find."""
        never = self._never | {topic.dead_letter_topic for topic in self._routes}
        return [name for name in self._topics.queues() if name not in never]

    def _found(self, pattern: Topic, there: Collection[str]) -> list[str]:
        """What this pattern finds and no other route of its group."""
        return [
            name
            for name in there
            if pattern.matches(name)
            and self._routes.find(name, pattern.group) == pattern.called(name)
        ]
