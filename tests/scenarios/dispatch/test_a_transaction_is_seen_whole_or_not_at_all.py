"""Readers see the messages of a transaction together; of one that fails they see none."""

from __future__ import annotations

import os

import pytest

from samovar import DeliveryFailedError
from samovar.broker.port import TopicSpec
from tests.support.listening import heard
from tests.support.stage import Stage


def values(stage: Stage, queue: str) -> list[bytes | None]:
    return [record.value for record in stage.records(queue)]


def test_messages_of_several_topics_are_stored_together(stage: Stage) -> None:
    """N04."""
    stage.create("orders", partitions=1)
    stage.create("invoices", partitions=1)

    with stage.app.producer.transaction() as together:
        together.produce(topic="orders", payload="paid", key="7")
        together.produce(topic="invoices", payload="7")

    assert (values(stage, "orders"), values(stage, "invoices")) == ([b"paid"], [b"7"])


def test_what_a_refused_message_takes_with_it_is_no_failure_of_its_own(
    kafka_stage: Stage,
) -> None:
    """N03, N04."""
    kafka_stage.create("orders", partitions=1)
    small = {"max.message.bytes": "1000"}
    name = kafka_stage.topic("invoices")
    kafka_stage.admin.create_topics([TopicSpec(name=name, partitions=1, config=small)])
    producer = kafka_stage.app.producer

    def send_too_much() -> None:
        with producer.transaction() as together:
            together.produce(topic="orders", payload="paid")
            together.produce(topic="invoices", payload="x" * 5000)

    with heard("producer.failed") as failures:
        with pytest.raises(DeliveryFailedError, match="invoices"):
            send_too_much()
        with producer.transaction() as together:
            together.produce(topic="orders", payload="paid at last")

    assert not failures
    assert values(kafka_stage, "orders") == [b"paid at last"]
    assert values(kafka_stage, "invoices") == []


def test_what_the_broker_refuses_spoils_no_transaction_that_follows(kafka_stage: Stage) -> None:
    name = kafka_stage.topic("states")
    compacted = {"cleanup.policy": "compact"}
    kafka_stage.admin.create_topics([TopicSpec(name=name, partitions=1, config=compacted)])
    producer = kafka_stage.app.producer

    def store(key: str | None) -> None:
        with producer.transaction() as together:
            together.produce(topic="states", payload="x", key=key)

    for number in range(3):
        with pytest.raises(DeliveryFailedError, match="states"):
            store(None)
        store(str(number))

    assert values(kafka_stage, "states") == [b"x"] * 3


def test_a_forked_process_does_not_end_its_parents_transactions(kafka_stage: Stage) -> None:
    kafka_stage.create("orders", partitions=1)
    script = """
import os
from samovar import App

app = App()

def store(payload):
    with app.producer.transaction() as together:
        together.produce(topic="orders", payload=payload)

store("parent")
child = os.fork()
store("child" if child == 0 else "parent again")
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    run = kafka_stage.script(script)

    assert run.returncode == os.EX_OK, run.stderr
    assert sorted(map(str, values(kafka_stage, "orders"))) == [
        "b'child'",
        "b'parent again'",
        "b'parent'",
    ]
