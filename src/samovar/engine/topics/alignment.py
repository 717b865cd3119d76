"""The declared topics against those of the broker: what differs, and what makes them equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from samovar.broker.port import Admin, TopicSpec, TopicState, config_text
from samovar.engine.routing.topic import Topic
from samovar.support.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """The topic is missing."""

    spec: TopicSpec

    @property
    def topic(self) -> str:
        """Its name."""
        return self.spec.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Grow:
    """The topic has fewer partitions than declared."""

    topic: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure:
    """A setting of the topic differs."""

    topic: str
    name: str
    #: None where the broker knows no such setting.
    before: str | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """The topic goes, with all its records."""

    topic: str
    partitions: int


Change = Create | Grow | Configure | Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done, in this order, and what differs but stays as it is."""

    changes: Sequence[Change]
    #: Sentences.
    notes: Sequence[str] = ()


class Alignment:
    """Compares and changes. Only declared topics are ever touched."""

    def __init__(
        self, *, admin: Admin, topics: Iterable[Topic], others: Iterable[TopicSpec]
    ) -> None:
        """`topics` as the routes have them. The `others` are what the engine itself needs: they are
        created, their settings aligned, and no partitions added to them."""
        self._admin = admin
        self._topics = tuple(topics)
        self._others = tuple(others)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is declared at all."""
        return not self._others and not self._topics

    def plan(self) -> Plan:
        """What makes the topics as declared."""
        declared = {t.name: t for t in self._topics if t.pattern is None and t.declared}
        specs = {s.name: s for t in self._topics for s in t.specs}
        specs |= {s.name: s for s in self._others if s.name not in specs}
        states = self._admin.describe(sorted(specs))
        changes: list[Change] = []
        notes: list[str] = []
        for name, spec in specs.items():
            state, topic = states.get(name), declared.get(name)
            if state is None:
                changes.append(Create(spec=spec))
            elif topic is not None:
                changes += _changes(topic, state)
                notes += _notes(topic, state)
            elif not spec.is_dead_letter:
                changes += _settings(spec.name, spec.config, state)
        return Plan(changes=changes, notes=notes)

    def plan_deletion(self) -> Plan:
        """What deletes every declared topic that is there: dead letter topics and what the engine
        itself needs among them."""
        names = {spec.name for t in self._topics if t.declared for spec in t.specs}
        states = self._admin.describe(sorted(names | {spec.name for spec in self._others}))
        return Plan(
            changes=[Delete(topic=name, partitions=s.partitions) for name, s in states.items()]
        )

    def carry_out(self, change: Change) -> None:
        """Do it.

        Raises:
            BrokerError: the broker refused, or did not answer.
        """
        match change:
            case Create():
                self._admin.create_topics([change.spec])
            case Grow():
                self._admin.add_partitions(change.topic, change.after)
            case Configure():
                self._admin.set_config(change.topic, {change.name: change.after})
            case Delete():
                self._admin.delete_topics([change.topic])


def _changes(topic: Topic, state: TopicState) -> Iterator[Change]:
    if topic.has_partitions and topic.partitions > state.partitions:
        yield Grow(topic=topic.name, before=state.partitions, after=topic.partitions)
    yield from _settings(topic.name, topic.config, state)


def _settings(topic: str, declared: Mapping[str, str], state: TopicState) -> Iterator[Change]:
    """Which settings differ; none, where the broker has no such thing."""
    if state.config is None:
        return
    for name, value in declared.items():
        before, after = state.config.get(name), config_text(value)
        if before != after:
            yield Configure(topic=topic, name=name, before=before, after=after)


def _notes(topic: Topic, state: TopicState) -> Iterator[str]:
    if topic.has_partitions and topic.partitions < state.partitions:
        yield (
            f"{topic.name} has {counted(state.partitions, 'partition')} and is declared with "
            f"{topic.partitions}; partitions are never taken away."
        )
    declared, there = topic.replication_factor, state.replication_factor
    if declared is not None and there is not None and declared != there:
        yield (
            f"{topic.name} has {counted(there, 'replica')} and is declared with {declared}; "
            f"replicas are not changed after a topic is made."
        )
