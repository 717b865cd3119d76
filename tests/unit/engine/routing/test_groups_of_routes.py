"""Groups, defaults and patterns: which settings a topic has, and who reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from samovar import DeadLetterQueue, Pause
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.subscriptions import Subscription, group_faults, subscriptions


@pytest.fixture
def routes() -> Routes:
    return Routes(lambda name: f"shop_{name}")


def read_by(routes: Routes) -> list[tuple[str, list[str]]]:
    return [(s.group, [t.name for t in s.topics]) for s in subscriptions(routes, "shop")]


def faults(routes: Routes) -> str:
    return "\n".join(routes.faults)


def test_topics_without_a_group_share_one_consumer_of_the_application_s_group(
    routes: Routes,
) -> None:
    routes.declare("mail")
    routes.declare("images", max_messages=1, pause=Pause(timeout=5))

    assert read_by(routes) == [("shop", ["shop_mail", "shop_images"])]


def test_a_consumer_group_reads_its_topics_by_itself(routes: Routes) -> None:
    routes.declare("orders")
    with routes.consumer_group("audit"):
        routes.declare("orders", partitions=3)
        routes.declare("bills")

    assert read_by(routes) == [("shop", ["shop_orders"]), ("audit", ["shop_orders", "shop_bills"])]
    assert routes.find("shop_orders", "audit").partitions == 3
    assert routes.find("shop_orders").partitions == 8
    assert not routes.faults


def test_a_group_may_be_opened_again(routes: Routes) -> None:
    for name in ("orders", "bills"):
        with routes.consumer_group("audit"):
            routes.declare(name)

    assert read_by(routes) == [("audit", ["shop_orders", "shop_bills"])]


@pytest.mark.parametrize(
    "settings",
    [
        {"kafka": {"fetch.min.bytes": 1000}},
        {"max_wait_time": 0.05},
        {"initial_offset": "latest"},
    ],
)
def test_topics_that_want_another_client_have_one(routes: Routes, settings: Any) -> None:
    routes.declare("mail")
    routes.declare("images", **settings)
    routes.declare("bills")
    routes.declare("sounds", **settings)

    assert read_by(routes) == [
        ("shop", ["shop_mail", "shop_bills"]),
        ("shop", ["shop_images", "shop_sounds"]),
    ]


def test_a_subscription_group_has_connections_of_its_own(routes: Routes) -> None:
    routes.declare("mail")
    with routes.subscription_group("slow", multiplexing=2):
        routes.declare("images")
        routes.declare("sounds")

    plain, slow = subscriptions(routes, "shop")
    assert [t.name for t in plain.topics] == ["shop_mail"]
    assert (slow.name, slow.copies, len(slow.topics)) == ("slow", 2, 2)


def test_what_a_topic_says_takes_the_place_of_the_default_as_a_whole(routes: Routes) -> None:
    routes.declare("before")
    routes.set_defaults(partitions=2, pause=Pause(timeout=5, max_timeout=60), kafka={"a": 1})
    routes.declare("mail", pause=Pause(timeout=1), kafka={"b": 2})

    mail = routes.find("shop_mail")
    assert (mail.partitions, mail.pause) == (2, Pause(timeout=1, max_timeout=30))
    assert mail.kafka == {"a": 1, "b": 2}
    assert routes.find("shop_before").partitions == 8


def test_a_pattern_gives_its_settings_to_what_it_finds_as_a_whole(routes: Routes) -> None:
    routes.declare(re.compile(r".*\.jobs"), partitions=3)

    found = routes.find("mail.jobs")

    assert (found.name, found.partitions, found.pattern) == ("mail.jobs", 3, None)
    assert not routes.find("mail.jobs.old").declared
    assert not routes.find("mail.jobs_dead").declared


def test_a_topic_that_was_drawn_by_name_is_no_pattern_s(routes: Routes) -> None:
    routes.declare(re.compile("shop_.*"), partitions=3)
    routes.declare("mail", partitions=5)

    assert [routes.find(name).partitions for name in ("shop_mail", "shop_bills")] == [5, 3]


def test_a_pattern_that_finds_its_own_dead_letters_is_refused(routes: Routes) -> None:
    # L04
    dead = DeadLetterQueue("lost.jobs")
    routes.declare(re.compile(r".*\.jobs"), dead_letter_queue=dead)

    assert "finds its own dead letter topic 'shop_lost.jobs'" in faults(routes)


def test_a_topic_of_its_own_dead_letters_is_refused(routes: Routes) -> None:
    routes.declare("mail", dead_letter_queue=DeadLetterQueue("mail"))

    assert "dead_letter_queue.topic is the topic 'shop_mail' itself" in faults(routes)


def test_every_fault_of_groups_is_told(routes: Routes) -> None:
    with routes.consumer_group("au dit"), routes.subscription_group("x", multiplexing=0):
        routes.declare("orders")
        routes.declare("orders")
    with routes.subscription_group("x"), routes.consumer_group("y"):
        pass
    routes.set_defaults(partitons=3)
    routes.declare(re.compile("a.*"), assign=[0])
    routes.declare("a", assign=[-1])
    with routes.subscription_group("x", multiplexing=2):
        routes.declare("b", assign=True)

    text = faults(routes)
    for part in (
        "consumer_group('au dit'): a group's name has 1 to 249 letters",
        "subscription_group('x'): multiplexing is 0; expected a whole number from 1 to 100.",
        "job_topic('orders'): declared twice in group 'au dit'.",
        "consumer_group('y'): a subscription group lies within a consumer group.",
        "topic_defaults(): unknown setting 'partitons'; did you mean 'partitions'?",
        "job_topic(re.compile('a.*')): assign names partitions of one topic",
        "job_topic('a'): assign is [-1]; expected partition numbers",
        "job_topic('b'): assign cannot stand with multiplexing",
    ):
        assert part in text


def test_consumers_of_a_group_must_agree_in_what_concerns_the_group(routes: Routes) -> None:
    routes.declare("mail")
    routes.declare("images", kafka={"partition.assignment.strategy": "range"})
    with routes.consumer_group("audit"):
        routes.declare("mail", assign=[0])
        routes.declare("images")

    text = "\n".join(group_faults(subscriptions(routes, "shop")))

    assert "'shop': partition.assignment.strategy differs between its topics (range, that" in text
    assert "'audit': 'shop_mail' is read by assign" in text


class TestChoice:
    @pytest.fixture
    def declared(self, routes: Routes) -> Routes:
        routes.declare("mail")
        routes.declare("images", max_wait_time=0.1)
        routes.declare("off", active=False)
        with routes.consumer_group("audit"):
            routes.declare("mail")
            routes.declare(re.compile(r".*\.jobs"))
        return routes

    def chosen(self, routes: Routes, **names: tuple[str, ...]) -> list[tuple[str, str]]:
        found = Choice(**names).subscriptions(routes, "shop")
        return [(s.group, topic.name) for s in found for topic in s.topics]

    def test_without_a_word_everything_active_is_served(self, declared: Routes) -> None:
        assert self.chosen(declared) == [
            ("shop", "shop_mail"),
            ("shop", "shop_images"),
            ("audit", "shop_mail"),
            ("audit", r".*\.jobs"),
        ]

    def test_topics_and_groups_can_be_left_out(self, declared: Routes) -> None:
        assert self.chosen(declared, exclude_topics=("shop_mail",), exclude_groups=("audit",)) == [
            ("shop", "shop_images")
        ]

    def test_topics_and_groups_can_be_chosen(self, declared: Routes) -> None:
        assert self.chosen(declared, include_topics=("shop_mail",), include_groups=("audit",)) == [
            ("audit", "shop_mail")
        ]

    def test_a_queue_is_served_where_it_is_drawn_or_else_in_the_application_s_group(
        self, declared: Routes
    ) -> None:
        assert self.chosen(declared, queues=("shop_off", "a.jobs", "stray")) == [
            ("shop", "shop_off"),
            ("audit", "a.jobs"),
            ("shop", "stray"),
        ]

    def test_a_consumer_keeps_its_place_whatever_is_left_out(self, declared: Routes) -> None:
        def places(choice: Choice) -> dict[str, int]:
            found: list[Subscription] = choice.subscriptions(declared, "shop")
            return {s.topics[0].name: s.position for s in found}

        narrowed = places(Choice(include_topics=("shop_images",)))

        assert narrowed.items() <= places(Choice()).items()

    def test_names_that_nothing_bears_are_told(self) -> None:
        choice = Choice(
            include_topics=("shop_mial", "shop_mail"),
            exclude_topics=("shop_mail",),
            exclude_groups=("adit",),
        )

        told = list(choice.faults({"shop_mail", "shop_images"}, {"audit", "shop"}))

        assert told == [
            "--include-topic 'shop_mial' names nothing that is declared; did you mean 'shop_mail'?",
            "--exclude-group 'adit' names nothing that is declared; did you mean 'audit'?",
            "The topic 'shop_mail' is both included and excluded.",
        ]
