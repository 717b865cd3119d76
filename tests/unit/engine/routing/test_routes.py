"""Routes: what is declared, and what holds for a queue that is not."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from samovar import DeadLetterQueue, Pause, Throttle, VirtualPartitions
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import TopicSpec
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.routes import Routes
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving


def declared(**topics: dict[str, Any]) -> Routes:
    routes = Routes(lambda name: f"shop_{name}")
    for name, settings in topics.items():
        routes.declare(name, **settings)
    assert not routes.faults
    return routes


def test_a_topic_is_drawn_and_found_by_its_real_name() -> None:
    routes = declared(payments={"partitions": 6, "dead_letter_queue": DeadLetterQueue("lost")})

    topic = routes.find("shop_payments")

    assert (topic.partitions, topic.declared) == (6, True)
    assert topic.dead_letter_queue == DeadLetterQueue("shop_lost")
    assert [(spec.name, spec.partitions) for spec in topic.specs] == [
        ("shop_payments", 6),
        ("shop_lost", 6),
    ]


def test_a_topic_that_samovar_creates_has_eight_partitions() -> None:
    assert [spec.partitions for spec in declared().find("shop_other").specs] == [8]


def test_a_queue_that_nobody_drew_has_dead_letters_after_three_retries() -> None:
    topic = declared().find("shop_other")

    assert topic.dead_letter_queue == DeadLetterQueue("shop_other_dead", max_retries=3)


def test_every_fault_is_told_at_once() -> None:
    routes = Routes(str)
    routes.declare("bad name", partitions=0)
    routes.declare("good", partitons=3, pause=5)
    routes.declare("twice")
    routes.declare("twice", dead_letter_queue="dead")

    text = "\n".join(routes.faults)
    for part in (
        "job_topic('bad name'): a topic's name has",
        "job_topic('bad name'): partitions is 0; expected a whole number of at least 1.",
        "unknown setting 'partitons'; did you mean 'partitions'?",
        "pause is 5; expected Pause(...).",
        "job_topic('twice'): declared twice",
        "dead_letter_queue is 'dead'; expected DeadLetterQueue(...).",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("setting", "given", "told"),
    [
        (
            "partitions",
            10**9,
            "partitions is 1000000000; expected a whole number of at least 1. "
            "The largest is 100000.",
        ),
        ("partitions", True, "partitions is True; expected a whole number of at least 1."),
        ("config", {"retention.ms": None}, "config['retention.ms'] is None; expected a string"),
        ("kafka", 5, "kafka is 5; expected a mapping of names to values."),
        ("initial_offset", "first", "is 'first'; expected one of earliest, latest."),
        ("ordering", "keys", "ordering is 'keys'; expected one of partition, key, none."),
        ("long_running", 1, "long_running is 1; expected true or false."),
        ("delay_by", 0, "delay_by is 0; expected a number of seconds above 0."),
        ("expire_in", "1h", "expire_in is '1h'; expected a number of seconds above 0."),
        ("filters", [5], "filters is [5]; expected a list of callables"),
        ("throttle", Throttle(0, 1), "throttle.limit is 0; expected a whole number of at least 1."),
        ("throttle", Throttle(1, timedelta(0)), "throttle.interval is"),
        ("pause", Pause(timeout=-1), "pause.timeout is -1; expected a number of seconds of at"),
        (
            "virtual_partitions",
            VirtualPartitions(partitioner="key"),  # type: ignore[arg-type]
            "virtual_partitions.partitioner is 'key'; expected a callable.",
        ),
        (
            "virtual_partitions",
            VirtualPartitions(partitioner=str, distribution="even"),  # type: ignore[arg-type]
            "virtual_partitions.distribution is 'even'; expected one of consistent, balanced.",
        ),
        (
            "dead_letter_queue",
            DeadLetterQueue("dead", max_retries=-1),
            "dead_letter_queue.max_retries is -1; expected a whole number of at least 0.",
        ),
        (
            "dead_letter_queue",
            DeadLetterQueue("strategy"),
            "dead_letter_queue.topic is 'strategy', which chooses the topic; expected strategy=",
        ),
        (
            "dead_letter_queue",
            DeadLetterQueue(5),  # type: ignore[arg-type]
            "dead_letter_queue.topic is 5; expected a topic's name, None",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(setting: str, given: Any, told: str) -> None:
    routes = Routes(str)
    routes.declare("a", **{setting: given})

    assert told in routes.faults[0]


def test_good_settings_are_taken() -> None:
    pause = Pause(timeout=0.1, exponential=False)

    topic = declared(a={"pause": pause, "max_messages": 10, "active": False}).find("shop_a")

    assert (topic.pause, topic.max_messages, topic.active) == (pause, 10, False)


def test_times_may_be_timedeltas() -> None:
    topic = declared(
        a={
            "delay_by": timedelta(minutes=1),
            "expire_in": timedelta(hours=1),
            "throttle": Throttle(10, timedelta(seconds=5)),
        }
    ).find("shop_a")

    assert (topic.delay_by, topic.expire_in) == (60.0, 3600.0)
    assert topic.throttle is not None
    assert topic.throttle.seconds == 5.0


@pytest.mark.parametrize("topic", [None, False])
def test_dead_letters_may_be_switched_off(topic: Any) -> None:
    found = declared(a={"dead_letter_queue": DeadLetterQueue(topic)}).find("shop_a")

    assert found.dead_letter_topic is None
    assert [spec.name for spec in found.specs] == ["shop_a"]
    assert found.poison_topic == "shop_a_dead"


def test_a_strategy_may_choose_the_topic_of_dead_letters() -> None:
    queue = DeadLetterQueue("strategy", strategy=lambda errors, attempt: ("dispatch", "lost"))

    found = declared(a={"dead_letter_queue": queue}).find("shop_a")

    assert found.dead_letter_topic is None
    assert found.dead_letter_queue is not None
    assert found.dead_letter_queue.strategy is not None
    assert found.dead_letter_queue.strategy([], 1) == ("dispatch", "shop_lost")


def test_what_settings_refuse_each_other_is_told_with_the_other_faults() -> None:
    routes = Routes(str, lambda topic: [f"{topic.name} is refused."])
    routes.declare("a")
    routes.declare("b", partitions=0)

    assert len(routes.faults) == 2
    assert routes.faults[0] == "job_topic('a'): a is refused."


@pytest.mark.parametrize("group", [None, "audit"])
def test_a_pattern_that_looks_like_a_name_finds_its_topic(
    tmp_path: Path, group: str | None
) -> None:
    topics = Topics(EmbeddedBroker(tmp_path / "log.db").admin())
    topics.ensure([TopicSpec(name=name, partitions=1) for name in ("payments", "a.b", "axb")])
    routes = Routes(str)
    with routes.consumer_group(group) if group else nullcontext():
        routes.declare(re.compile("payments"), ordering="key")
        routes.declare(re.compile("a.b"), ordering="none")
        routes.declare("a.b", ordering="key")

    found = served(routes, topics)

    assert routes.faults == ()
    assert found == {"payments": "key", "a.b": "key", "axb": "none"}


def test_a_pattern_and_a_name_that_look_alike_are_two_routes() -> None:
    routes = Routes(str)
    routes.declare("payments", partitions=2)
    routes.declare(re.compile("payments"), partitions=3)

    assert routes.faults == ()
    assert routes.find("payments").partitions == 2
    routes.declare(re.compile("payments"))
    assert routes.faults == ("job_topic(re.compile('payments')): declared twice.",)


@pytest.mark.parametrize("pattern", ["payments_dead", r".*_dead"])
def test_a_pattern_of_dead_letter_topics_only_is_refused(pattern: str) -> None:
    routes = Routes(str)
    routes.declare(re.compile(pattern))

    (fault,) = routes.faults
    assert "finds no topic whose name ends in '_dead'" in fault


def served(routes: Routes, topics: Topics) -> dict[str, str]:
    """What a worker reads by these routes, with the ordering of each."""
    serving = Serving(
        routes=routes,
        topics=topics,
        group="app",
        class_queues=tuple,
        serves_all=False,
        never=(),
        choice=Choice(),
    )
    return {
        name: serving.topic(subscription, name).ordering
        for subscription in serving.subscriptions
        for name in serving.names(subscription)
    }
