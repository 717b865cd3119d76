"""What is planned for topics that are not as declared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from samovar import DeadLetterQueue
from samovar.broker.port import TopicSpec, TopicState
from samovar.engine.routing.routes import Routes
from samovar.engine.topics.alignment import Alignment, Configure, Create, Delete, Grow


class StaticAdmin:
    """A broker with these topics; notes what it is asked to change."""

    def __init__(self, **states: TopicState) -> None:
        self.states = states

    def describe(self, names: Sequence[str]) -> Mapping[str, TopicState]:
        return {name: self.states[name] for name in names if name in self.states}


def alignment(routes: Routes, *others: TopicSpec, **states: TopicState) -> Alignment:
    admin: Any = StaticAdmin(**states)
    return Alignment(admin=admin, topics=routes, others=others)


def declared(**settings: Any) -> Routes:
    routes = Routes(str)
    routes.declare("orders", **settings)
    assert not routes.faults
    return routes


def test_missing_topics_are_created_with_their_dead_letters_and_what_else_is_needed() -> None:
    routes = declared(partitions=6, dead_letter_queue=DeadLetterQueue("lost"))
    other = TopicSpec(name="schedule", partitions=3)

    plan = alignment(routes, other).plan()

    created = [(c.topic, c.spec.partitions) for c in plan.changes if isinstance(c, Create)]
    assert created == [("orders", 6), ("lost", 6), ("schedule", 3)]


def test_partitions_are_added_and_settings_set_where_they_differ() -> None:
    routes = declared(partitions=6, config={"retention.ms": 5000, "preallocate": True, "x": "y"})
    state = TopicState(partitions=2, config={"retention.ms": "1", "preallocate": "true"})

    plan = alignment(routes, orders=state).plan()

    assert plan.changes == [
        Grow(topic="orders", before=2, after=6),
        Configure(topic="orders", name="retention.ms", before="1", after="5000"),
        Configure(topic="orders", name="x", before=None, after="y"),
    ]


def test_what_the_engine_needs_has_its_settings_aligned_and_goes_with_the_rest() -> None:
    schedule = TopicSpec(name="schedule", partitions=5, config={"cleanup.policy": "compact"})
    state = TopicState(partitions=3, config={"cleanup.policy": "delete", "retention.ms": "1"})
    aligned = alignment(declared(), schedule, orders=TopicState(partitions=8), schedule=state)

    assert aligned.plan().changes == [
        Configure(topic="schedule", name="cleanup.policy", before="delete", after="compact")
    ]
    assert [change.topic for change in aligned.plan_deletion().changes] == ["orders", "schedule"]


def test_what_a_route_does_not_say_stays_as_it_is() -> None:
    state = TopicState(partitions=2, replication_factor=3, config={"retention.ms": "1"})

    plan = alignment(declared(), orders=state).plan()

    assert (plan.changes, plan.notes) == ([], [])


def test_what_cannot_be_changed_is_noted() -> None:
    routes = declared(partitions=2, replication_factor=1)
    state = TopicState(partitions=4, replication_factor=3, config={})

    plan = alignment(routes, orders=state).plan()

    assert plan.changes == []
    assert "4 partitions and is declared with 2; partitions are never taken" in plan.notes[0]
    assert "3 replicas and is declared with 1" in plan.notes[1]


def test_only_declared_topics_that_are_there_are_deleted() -> None:
    routes = declared(dead_letter_queue=DeadLetterQueue("lost"))
    routes.declare("missing")
    routes.declare(re.compile("str.*"))
    state = TopicState(partitions=2)

    plan = alignment(routes, orders=state, lost=state, stray=state).plan_deletion()

    assert {c.topic for c in plan.changes if isinstance(c, Delete)} == {"orders", "lost"}
