"""Code that Python runs in the middle of other code, in the same thread, waits for no lock of ours.

A finalizer that the garbage collector calls may enqueue, subscribe or send.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from samovar import events
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.kafka.producer import KafkaProducer
from samovar.broker.port import NewRecord, TopicSpec
from samovar.engine.producing.buffer import Buffer
from samovar.engine.producing.delivery import Delivery
from samovar.engine.producing.messages import Message
from samovar.engine.topics.existing import Topics
from samovar.errors import BrokerError
from samovar.job.function import job
from samovar.job.job_data import EnqueueRequest
from samovar.queue_adapters.async_pool import AsyncAdapter
from tests.support.interrupting import interrupted_at_every_step

pytestmark = pytest.mark.timeout(60)

DONE: list[str] = []


@job
def note(name: str) -> None:
    DONE.append(name)


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


def request(name: str) -> EnqueueRequest:
    return EnqueueRequest(note.new(name).serialize())


def test_the_async_adapter_takes_a_job_at_any_step_of_an_enqueue() -> None:
    adapter = AsyncAdapter()
    steps = interrupted_at_every_step(
        lambda: adapter.enqueue(request("outer")),
        lambda: adapter.enqueue(request("inner")),
        every=7,
    )
    calls = len(list(steps))

    assert adapter.close(10) == 0
    assert DONE.count("outer") == calls
    assert calls - 1 <= DONE.count("inner") <= calls


@pytest.fixture
def kafka() -> Iterator[KafkaProducer]:
    producer = KafkaProducer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    yield producer
    producer.close(0)


@pytest.mark.parametrize("many", [False, True])
def test_the_kafka_producer_counts_what_is_sent_at_any_step_of_sending(
    kafka: KafkaProducer, many: bool
) -> None:
    record = NewRecord("mail", b"x")
    inner = 0

    def send_another() -> None:
        nonlocal inner
        inner += 1
        kafka.produce(record)

    steps = interrupted_at_every_step(
        lambda: kafka.produce_many([record]) if many else kafka.produce(record), send_another
    )
    outer = len(list(steps))

    assert kafka.flush(0) == outer + inner


def test_topics_are_made_at_any_step_of_making_one(tmp_path: Path) -> None:
    topics = Topics(EmbeddedBroker(tmp_path / "log.db", synchronous="normal").admin())
    numbers = iter(range(100_000))

    def ensure() -> None:
        topics.ensure([TopicSpec(name=f"t{next(numbers)}", partitions=1)])

    def ensure_another() -> None:
        with suppress(BrokerError):  # it may be refused, but never waits for itself
            ensure()

    list(interrupted_at_every_step(ensure, ensure_another, every=11))

    topics.close()


def test_subscribers_come_and_go_at_any_step_of_subscribing() -> None:
    heard: list[str] = []

    def outer(event: events.Event) -> None:
        heard.append("outer")

    def inner(event: events.Event) -> None:
        heard.append("inner")

    name = "worker.quieted"
    for _ in interrupted_at_every_step(
        lambda: events.subscribe(name)(outer), lambda: events.subscribe(name)(inner), every=37
    ):
        events.announce(name)
        last, heard[:] = sorted(heard), []
        events.unsubscribe(outer)
        events.unsubscribe(inner)
        if last == ["outer"]:  # there were no more steps to interrupt
            break
        assert last == ["inner", "outer"]

    events.announce(name)
    assert heard == []


def _delivery() -> Delivery:
    return Delivery(cast(Any, None), NewRecord("mail", b""))


def test_a_message_added_while_the_buffer_is_sent_is_sent_next() -> None:
    buffer = Buffer()
    sent: list[bytes] = []

    def hand_over(messages: Sequence[Message]) -> list[Delivery]:
        sent.extend(message["payload"] for message in messages)  # type: ignore[misc]
        if b"inner" not in sent:
            buffer.add([{"topic": "mail", "payload": b"inner"}])
        return [_delivery() for _ in messages]

    buffer.add([{"topic": "mail", "payload": b"outer"}])
    buffer.send(hand_over)
    buffer.send(hand_over)

    assert sent == [b"outer", b"inner"]
