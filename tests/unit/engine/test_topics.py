"""Which topics are queues: all but those that the engine made for dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from samovar import App, DeadLetterQueue
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import Record, TopicPartition, TopicSpec
from samovar.engine.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.routes import Routes
from samovar.engine.topics import Topics
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
        letters = DeadLetters(group="app", producer=producer, topics=Topics(admin))
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
    routes.draw("orders", dead_letter_queue=DeadLetterQueue("morgue"))
    with closing(EmbeddedBroker(path).admin()) as admin:
        topics = Topics(admin)
        topics.ensure(routes.find("orders").specs)

        assert topics.names() == ["morgue", "orders"]
        assert topics.queues() == ["orders"]
