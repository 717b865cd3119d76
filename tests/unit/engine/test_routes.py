"""Routes: what is drawn, and what holds for a queue that is not."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import ConfigurationError, DeadLetterQueue, Pause
from samovar.engine.routing.routes import Routes


def drawn(**topics: dict[str, Any]) -> Routes:
    routes = Routes(lambda name: f"shop_{name}")
    for name, settings in topics.items():
        routes.draw(name, **settings)
    routes.check()
    return routes


def test_a_topic_is_drawn_and_found_by_its_real_name() -> None:
    routes = drawn(payments={"partitions": 6, "dead_letter_queue": DeadLetterQueue("lost")})

    topic = routes.find("shop_payments")

    assert (topic.partitions, topic.drawn) == (6, True)
    assert topic.dead_letter_queue == DeadLetterQueue("shop_lost")
    assert [(spec.name, spec.partitions) for spec in topic.specs] == [
        ("shop_payments", 6),
        ("shop_lost", 6),
    ]


def test_a_topic_that_samovar_creates_has_eight_partitions() -> None:
    assert [spec.partitions for spec in drawn().find("shop_other").specs] == [8]


def test_a_queue_that_nobody_drew_has_dead_letters_after_three_retries() -> None:
    topic = drawn().find("shop_other")

    assert topic.dead_letter_queue == DeadLetterQueue("shop_other_dead", max_retries=3)


def test_every_fault_is_told_at_once() -> None:
    routes = Routes(str)
    routes.draw("bad name", partitions=0)
    routes.draw("good", partitons=3, pause=5)
    routes.draw("twice")
    routes.draw("twice", dead_letter_queue="dead")

    with pytest.raises(ConfigurationError) as caught:
        routes.check()

    text = "\n".join(caught.value.faults)
    for part in (
        "job_topic('bad name'): a topic's name has",
        "job_topic('bad name'): partitions is 0",
        "unknown setting 'partitons'; did you mean 'partitions'?",
        "pause is 5",
        "job_topic('twice'): drawn twice",
        "dead_letter_queue is 'dead'",
    ):
        assert part in text


def test_good_settings_are_taken() -> None:
    pause = Pause(timeout=0.1, exponential=False)

    topic = drawn(a={"pause": pause, "max_messages": 10, "active": False}).find("shop_a")

    assert (topic.pause, topic.max_messages, topic.active) == (pause, 10, False)
