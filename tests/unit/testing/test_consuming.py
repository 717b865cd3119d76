"""A consumer is run on messages that a test gives, without a broker."""

from __future__ import annotations

import unittest
from typing import Any

import pytest

from samovar import App, Consumer, DeliveryFailedError, Message, MessageInvalidError
from samovar.job import runtime
from samovar.testing import JobAssertions, JobTestCase


class Copying(Consumer):
    """Sends each message on, and marks it; `bad` is an error."""

    def initialized(self) -> None:
        self.seen: list[Any] = []
        self.batches: list[int] = []

    def consume(self) -> None:
        self.batches.append(len(self.messages))
        for message in self.messages:
            if message.value == b"bad":
                raise ZeroDivisionError
            self.seen.append(message.payload)
            self.produce("shop_copies", message.value, key=message.key)
            self.mark_as_consumed(message)


class InTransactions(Consumer):
    def consume(self) -> None:
        app: Any = runtime.installed()
        for message in self.messages:
            with app.producer.transaction() as together:
                together.produce(topic="invoices", payload=message.value)
                self.produce("shop_copies", message.value)
                self.mark_as_consumed(message)
                if message.value == b"bad":
                    raise ZeroDivisionError


class Coroutines(Consumer):
    async def consume(self) -> None:
        self.produce("shop_copies", f"{self.topic}[{self.partition}] {self.attempt}".encode())


class Pausing(Consumer):
    def consume(self) -> None:
        self.mark_as_consumed(self.messages[0])
        self.pause(self.messages[1], 5)


class Silent(Consumer):
    def consume(self) -> None: ...


def values(messages: list[Message]) -> list[bytes | None]:
    return [message.value for message in messages]


def test_messages_come_as_given_and_what_is_produced_is_listed(jobs: JobAssertions) -> None:
    consumer = Copying()

    marked = jobs.consume(
        consumer,
        ["1", b"2", {"payload": "3", "key": "k", "headers": {"a": "b"}, "timestamp": 5}],
        topic="orders",
    )

    assert consumer.seen == [1, 2, 3]
    assert values(marked) == [b"1", b"2", b"3"]
    assert [message.offset for message in marked] == [0, 1, 2]
    last = marked[2]
    assert (last.topic, last.key, last.timestamp) == ("shop_orders", b"k", 5)
    assert last.headers == (("a", b"b"),)
    assert values(jobs.produced("copies")) == [b"1", b"2", b"3"]
    assert jobs.produced("copies")[2].key == b"k"


def test_what_was_produced_can_be_consumed(app: App, jobs: JobAssertions) -> None:
    app.producer.produce_sync(topic="others", payload="0")
    app.producer.produce_sync(topic="orders", payload="7", key="k")

    (marked,) = jobs.consume(Copying, jobs.produced("orders"), topic="orders")

    assert (marked.payload, marked.key, marked.offset) == (7, b"k", 0)


def test_an_error_leaves_the_call_and_what_was_marked_before_stands(jobs: JobAssertions) -> None:
    with pytest.raises(ZeroDivisionError):
        jobs.consume(Copying, ["1", "bad", "3"], topic="orders")

    assert values(jobs.marked_messages) == [b"1"]
    assert values(jobs.produced("copies")) == [b"1"]


def test_marks_and_messages_of_a_dropped_transaction_do_not_stand(jobs: JobAssertions) -> None:
    with pytest.raises(ZeroDivisionError):
        jobs.consume(InTransactions, ["1", "bad", "3"], topic="orders", manual_marks=True)

    assert values(jobs.marked_messages) == [b"1"]
    assert values(jobs.produced("invoices")) == [b"1"]
    assert values(jobs.produced("copies")) == [b"1"]


def test_a_transaction_with_a_message_that_is_refused_is_dropped(
    app: App, jobs: JobAssertions
) -> None:
    class Astray(Consumer):
        def consume(self) -> None:
            with app.producer.transaction():
                self.produce("shop_copies", b"1")
                self.produce("shop_copies", b"2", partition=99)
                self.mark_as_consumed(self.messages[0])

    with pytest.raises(DeliveryFailedError, match="no partition 99"):
        jobs.consume(Astray, ["1"], topic="orders")

    assert jobs.produced_messages == jobs.marked_messages == []


def test_marks_of_transactions_are_answered(jobs: JobAssertions) -> None:
    marked = jobs.consume(InTransactions, ["1", "2"], topic="orders", manual_marks=True)

    assert values(marked) == [b"1", b"2"]


def test_a_coroutine_is_run(jobs: JobAssertions) -> None:
    marked = jobs.consume(Coroutines, ["1", "2"], topic="orders", partition=3, attempt=2)

    assert values(jobs.produced("copies")) == [b"shop_orders[3] 2"]
    assert len(marked) == 2


def test_the_end_of_a_batch_marks_unless_marks_are_manual(jobs: JobAssertions) -> None:
    assert len(jobs.consume(Silent, ["1", "2"], topic="orders")) == 2
    assert jobs.consume(Silent, ["1", "2"], topic="orders", manual_marks=True) == []
    assert len(jobs.marked_messages) == 2


def test_a_pause_ends_it_and_marks_nothing_by_itself(jobs: JobAssertions) -> None:
    assert values(jobs.consume(Pausing, ["1", "2", "3"], topic="orders")) == [b"1"]


def test_the_declaration_of_the_topic_counts(app: App, jobs: JobAssertions) -> None:
    app.topic(
        "orders",
        consumer=Copying,
        manual_marks=True,
        max_messages=2,
        deserializer=lambda message: f"read {message.value}",
    )
    consumer = Copying()

    jobs.consume(consumer, ["1", "2", "3"], topic="orders")
    assert consumer.seen == ["read b'1'", "read b'2'", "read b'3'"]
    assert consumer.batches == [2, 1]
    assert jobs.consume(Silent, ["1"], topic="orders") == []

    jobs.consume(consumer, ["4"], topic="orders", deserializer=lambda message: 4)
    assert consumer.seen[-1] == 4


def test_an_object_can_be_asked_and_used_again(jobs: JobAssertions) -> None:
    class Keeping(Consumer):
        def initialized(self) -> None:
            self.kept: list[Message] = []

        def consume(self) -> None:
            self.kept += self.messages

        def tick(self) -> None:
            self.mark_as_consumed(self.kept.pop())

    consumer = Keeping()
    jobs.consume(consumer, ["1"], topic="orders", manual_marks=True)
    jobs.consume(consumer, ["2"], topic="orders", manual_marks=True)
    assert values(consumer.kept) == [b"1", b"2"]
    assert jobs.marked_messages == []
    consumer.tick()

    assert values(jobs.marked_messages) == [b"2"]


def test_what_no_producer_could_send_is_refused(jobs: JobAssertions) -> None:
    with pytest.raises(MessageInvalidError, match="did you mean 'payload'"):
        jobs.consume(Silent, [{"paylod": "1"}], topic="orders")


class TestWithUnittest(JobTestCase, unittest.IsolatedAsyncioTestCase):
    async def test_coroutines_run_while_the_loop_of_the_test_does(self) -> None:
        assert len(self.consume(Coroutines, ["1"], topic="orders")) == 1
        assert len(self.produced("copies")) == 1
