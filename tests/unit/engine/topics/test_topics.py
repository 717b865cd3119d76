"""Which topics are queues: all but those that the engine made for dead letters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from samovar import App, DeadLetterQueue, Job, perform_all_later
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import Record, TopicPartition, TopicSpec
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import Topic
from samovar.engine.topics.existing import Topics
from tests.support.applications import application


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def app(path: Path) -> Iterator[App]:
    with application(queue_adapter="embedded", embedded={"path": path}) as app:
        yield app


def create(path: Path, *names: str) -> None:
    with closing(EmbeddedBroker(path).admin()) as admin:
        admin.create_topics([TopicSpec(name=name, partitions=1) for name in names])


def bury(path: Path, topic: str) -> None:
    """Let a record of `topic` become a dead letter."""
    broker = EmbeddedBroker(path)
    producer = broker.producer()
    with closing(broker.admin()) as admin:
        letters = DeadLetters(
            group="app", producer=producer, deliveries=producer, topics=Topics(admin)
        )
        failure = Failure(
            source=TopicPartition(topic, 0),
            record=Record(0, b"x"),
            target=f"{topic}_dead",
            attempts=1,
            error=RuntimeError(),
            trace_id="t-1",
        )
        letters.dispatch(failure)
    producer.close(1)


def test_a_queue_that_is_named_like_dead_letters_is_served(path: Path, app: App) -> None:
    create(path, "walking", "walking_dead")

    assert {"walking", "walking_dead"} <= set(app.queues_to_serve())


def test_dead_letters_are_not_served(path: Path, app: App) -> None:
    create(path, "walking")

    bury(path, "walking")

    assert "walking" in app.queues_to_serve()
    assert "walking_dead" not in app.queues_to_serve()


def test_dead_letters_of_a_queue_that_is_gone_are_not_served(path: Path, app: App) -> None:
    bury(path, "gone")

    assert "gone_dead" not in app.queues_to_serve()


def test_dead_letter_topics_that_were_drawn_are_marked_as_such(path: Path) -> None:
    routes = Routes(str)
    routes.declare("orders", dead_letter_queue=DeadLetterQueue("morgue"))
    with closing(EmbeddedBroker(path).admin()) as admin:
        topics = Topics(admin)
        topics.ensure(routes.find("orders").specs)

        assert topics.names() == ["morgue", "orders"]
        assert topics.queues() == ["orders"]


class CountingAdmin:
    """Answers for any number of topics, and notes how many each question was about."""

    def __init__(self, there: int) -> None:
        self.there = {f"old{n}": 1 for n in range(there)}
        self.listed: list[int] = []
        self.created: list[int] = []

    def topics(self, names: Collection[str] | None = None) -> dict[str, int]:
        self.listed.append(len(self.there) if names is None else len(names))
        return {n: c for n, c in self.there.items() if names is None or n in names}

    def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        self.created.append(len(specs))
        self.there |= {spec.name: spec.partitions for spec in specs}
        return [spec.name for spec in specs]


def test_a_new_queue_costs_the_same_however_many_there_are() -> None:
    admin: Any = CountingAdmin(there=5000)
    topics = Topics(admin)

    for number in range(50):
        topics.ensure([TopicSpec(name=f"new{number}", partitions=3)])

    assert topics.partitions("new49") == 3
    assert sum(admin.listed) == 50


def test_a_topic_that_another_process_makes_meanwhile_has_its_partitions() -> None:
    class RacedAdmin(CountingAdmin):
        def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
            self.there |= {spec.name: 7 for spec in specs}
            return []

    admin: Any = RacedAdmin(there=0)
    topics = Topics(admin)

    assert topics.ensure([TopicSpec(name="mail", partitions=3)]) == []
    assert topics.partitions("mail") == 7


def test_the_new_queues_of_a_bulk_are_made_together(path: Path, app: App) -> None:
    class SpreadJob(Job):
        def perform(self, number: int) -> None: ...

    admin = app._log().topics.admin  # pyright: ignore[reportPrivateUsage]
    asked: list[int] = []
    create = admin.create_topics

    def create_and_note(specs: Sequence[TopicSpec]) -> list[str]:
        asked.append(len(specs))
        return create(specs)

    admin.create_topics = create_and_note

    perform_all_later([SpreadJob(n).set(queue=f"spread{n}") for n in range(20)])

    assert asked == [20]


def test_a_declared_topic_is_found_without_a_look_at_the_others() -> None:
    routes, looks = Routes(str), 0
    for number in range(300):
        routes.declare(f"q{number}")

    def matches(topic: Topic, name: str) -> bool:
        nonlocal looks
        looks += 1
        return topic.name == name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Topic, "matches", matches)
        assert routes.find("q299", "another group").name == "q299"
        assert routes.find("unknown").declared is False

    assert looks == 0
