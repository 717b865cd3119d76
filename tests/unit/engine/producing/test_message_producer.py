"""`app.producer` on the embedded log: one, many, kept and flushed, and its variants."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from typing import Any, cast

import pytest

from samovar import (
    App,
    ArgumentError,
    DeliveryFailedError,
    MessageInvalidError,
    ProducerClosedError,
)
from samovar.broker.partitioning import partition_of
from samovar.broker.port import Record, TopicPartition
from samovar.engine.producing.buffer import Buffer
from tests.support.applications import application
from tests.support.listening import heard


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with application(
        queue_adapter="embedded", embedded={"path": tmp_path / "log.db"}, queue_name_prefix="shop"
    ) as app:
        yield app


def stored(app: App, topic: str = "shop_orders") -> list[Record]:
    admin: Any = app._log().broker.admin()
    records = [
        record
        for partition in range(admin.topics().get(topic, 0))
        for record in admin.read(TopicPartition(topic, partition), 0, 100)
    ]
    admin.close()
    return records


def test_a_message_goes_to_the_topic_of_its_logical_name_as_it_was_given(app: App) -> None:
    written = app.producer.produce_sync(
        topic="orders",
        payload="plac\u00e9",
        key="7",
        headers={"a": "1", "b": [b"2", b"3"]},
        timestamp=1_700_000_000_000,
    )

    (record,) = stored(app)
    assert written.source == TopicPartition("shop_orders", partition_of(b"7", 8))
    assert (record.value, record.key) == ("plac\u00e9".encode(), b"7")
    assert record.headers == (("a", b"1"), ("b", b"2"), ("b", b"3"))
    assert record.timestamp == 1_700_000_000_000


def test_a_delivery_tells_where_its_message_is(app: App) -> None:
    delivery = app.producer.produce_async(topic="orders", payload=b"x", partition=3, label="mine")

    assert delivery.wait(1) == (TopicPartition("shop_orders", 3), 0)
    assert (delivery.label, delivery.topic, delivery.is_stored) == ("mine", "shop_orders", True)


def test_many_messages_keep_their_order(app: App) -> None:
    messages: list[Any] = [
        {"topic": "orders", "payload": str(n), "partition_key": "same"} for n in range(10)
    ]

    written = app.producer.produce_many_sync(messages)

    assert [place.offset for place in written] == list(range(10))
    assert [record.value for record in stored(app)] == [str(n).encode() for n in range(10)]
    assert {record.key for record in stored(app)} == {None}


def test_of_many_messages_none_is_sent_when_one_cannot_be(app: App) -> None:
    good: Any = {"topic": "orders", "payload": "x"}
    bad: Any = {**good, "key": 5}

    for send in (app.producer.produce_many_async, app.producer.produce_many_sync):
        with pytest.raises(MessageInvalidError):
            send([good, bad])

    assert stored(app) == []
    assert app.producer.produce_many_async([]) == []


def test_a_partition_that_is_not_there_is_an_error(app: App) -> None:
    with pytest.raises(DeliveryFailedError, match="has no partition 8; it has 8"):
        app.producer.produce_async(topic="orders", payload="x", partition=8)


def test_kept_messages_are_sent_together_when_they_are_flushed(app: App) -> None:
    producer = app.producer
    producer.buffer(topic="orders", payload="0", partition=0)
    producer.buffer_many([{"topic": "orders", "payload": "1", "partition": 0}])
    assert stored(app) == []

    assert [place.offset for place in producer.flush_sync()] == [0, 1]
    assert producer.flush_sync() == []
    assert [record.value for record in stored(app)] == [b"0", b"1"]


def test_what_cannot_be_sent_is_not_kept(app: App) -> None:
    with pytest.raises(MessageInvalidError):
        app.producer.buffer(topic="orders", payload="x", key="")

    assert app.producer.flush_async() == []


def test_kept_messages_can_be_dropped(app: App) -> None:
    app.producer.buffer(topic="orders", payload="0")

    assert app.producer.purge() == 1
    assert app.producer.flush_async() == []


def test_kept_messages_are_sent_when_the_application_closes(tmp_path: Path) -> None:
    settings: Any = {"queue_adapter": "embedded", "embedded": {"path": tmp_path / "log.db"}}
    with application(**settings) as app:
        app.producer.buffer(topic="orders", payload="0")
        app.producer.variant(max_wait_timeout=1).buffer(topic="orders", payload="1")

    with application(**settings) as again:
        assert {record.value for record in stored(again, "orders")} == {b"0", b"1"}


def test_a_forked_process_leaves_its_parents_messages_alone(app: App) -> None:
    app.producer.buffer(topic="orders", payload="parent's", partition=0)

    child = os.fork()
    if child == 0:
        os._exit(len(app.producer.flush_sync()))
    assert os.waitpid(child, 0)[1] == 0
    app.producer.flush_sync()

    assert [record.value for record in stored(app)] == [b"parent's"]


def test_a_tombstone_has_a_key_and_no_payload(app: App) -> None:
    app.producer.tombstone_sync(topic="orders", key="7", partition=1)

    (record,) = stored(app)
    assert (record.key, record.value) == (b"7", None)


def test_the_same_settings_give_the_same_variant(app: App) -> None:
    producer = app.producer

    weak = producer.variant(topic_config={"acks": 1})
    assert producer.variant(topic_config={"acks": 1}) is weak
    assert weak.variant(max_wait_timeout=5) is producer.variant(
        max_wait_timeout=5, topic_config={"acks": 1}
    )
    assert weak is not producer
    assert app.producer is producer


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"topic_config": {"akcs": 1}},
            "'akcs' is nothing that a variant sets; did you mean 'acks'",
        ),
        ({"topic_config": {"group.id": "x"}}, "'group.id' is nothing"),
        ({"topic_config": {"acks": [1]}}, "acks is [1]; expected text"),
        ({"max_wait_timeout": 0}, "max_wait_timeout is 0; expected seconds above 0"),
    ],
    ids=str,
)
def test_a_variant_of_no_use_is_refused(app: App, settings: Any, says: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        app.producer.variant(**settings)

    assert says in str(refused.value)


def test_partitions_are_counted(app: App) -> None:
    assert app.producer.partition_count("orders") == -1

    app.producer.produce_sync(topic="orders", payload="x")

    assert app.producer.partition_count("orders") == 8


def test_a_transaction_stores_its_messages_together_when_it_ends(app: App) -> None:
    """N04."""
    with app.producer.transaction() as together:
        together.produce(topic="orders", payload="0", partition=0)
        together.produce_many([{"topic": "orders", "payload": "1", "partition": 0}])
        assert stored(app) == []

    assert [record.value for record in stored(app)] == [b"0", b"1"]
    assert [place.offset for place in together.written] == [0, 1]


def test_a_transaction_that_an_error_leaves_stores_nothing(app: App) -> None:
    """N04."""

    def fail() -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload="0")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert stored(app) == []


def test_of_a_transaction_with_a_message_that_is_refused_nothing_is_stored(app: App) -> None:
    def fail() -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload="0")
            together.produce(topic="orders", payload="1", partition=99)

    with pytest.raises(DeliveryFailedError):
        fail()

    assert stored(app) == []


def test_a_transaction_in_another_is_a_part_of_it(app: App) -> None:
    """N04."""
    with app.producer.transaction() as outer:
        outer.produce(topic="orders", payload="0", partition=0)
        with app.producer.variant(max_wait_timeout=1).transaction() as inner:
            inner.produce(topic="orders", payload="1", partition=0)
        assert inner is outer
        assert stored(app) == []

    assert len(stored(app)) == 2


def test_a_transaction_that_has_ended_takes_no_more(app: App) -> None:
    """N04."""
    with app.producer.transaction() as together:
        pass

    with pytest.raises(ArgumentError, match="transaction has ended"):
        together.produce(topic="orders", payload="0")
    assert stored(app) == []


def test_a_message_that_cannot_be_sent_is_refused_inside_the_transaction(app: App) -> None:
    with app.producer.transaction() as together:
        with pytest.raises(MessageInvalidError):
            together.produce(topic="orders", payload="0", key="")
        together.produce(topic="orders", payload="1")

    assert [record.value for record in stored(app)] == [b"1"]


def test_a_forked_process_writes_transactions_of_its_own(app: App) -> None:
    def store(payload: str) -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload=payload, partition=0)

    store("parent's")
    child = os.fork()
    if child == 0:
        store("child's")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    store("parent's again")

    assert [record.value for record in stored(app)] == [b"parent's", b"child's", b"parent's again"]


def test_a_closed_application_sends_nothing_any_more(app: App) -> None:
    producer = app.producer
    variant = producer.variant(max_wait_timeout=1)
    message: Any = {"topic": "orders", "payload": "x"}
    app.close()

    for send in (
        lambda: producer.produce_async(**message),
        lambda: producer.produce_many_sync([message]),
        lambda: producer.buffer(**message),
        lambda: variant.produce_sync(**message),
        lambda: variant.buffer(**message),
        lambda: producer.variant(max_wait_timeout=2),
        lambda: producer.transaction(),
        lambda: app.producer,
        lambda: app.adapter(),
    ):
        with pytest.raises(ProducerClosedError):
            send()


def test_a_transaction_that_a_close_overtakes_is_refused(app: App) -> None:
    def send() -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload="x")
            app.close()

    with pytest.raises(ProducerClosedError):
        send()


def test_an_application_is_flushed_and_goes_on(app: App) -> None:
    app.producer.buffer(topic="orders", payload="0", partition=0)

    assert app.flush() == 0
    assert [record.value for record in stored(app)] == [b"0"]
    app.producer.produce_sync(topic="orders", payload="1", partition=0)

    assert len(stored(app)) == 2


def test_what_is_kept_and_cannot_be_sent_is_counted(app: App) -> None:
    app.producer.buffer(topic="orders", payload="0", partition=99)

    with heard("producer.undelivered") as told:
        assert app.close() == 1

    assert [event.payload["count"] for event in told] == [1]


def test_a_finalizer_may_store_a_transaction_within_another(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store(payload: str) -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload=payload, partition=0)

    store("first")
    ((_, producer),) = app.producer.own.atomic._idle
    write, inside = producer.produce_atomically, [True]

    def interrupted(*arguments: Any) -> Any:
        if inside.pop() if inside else False:
            Context().run(store, "of a finalizer")  # as one that the collector runs here
        return write(*arguments)

    monkeypatch.setattr(producer, "produce_atomically", interrupted)
    store("second")

    assert [record.value for record in stored(app)] == [b"first", b"of a finalizer", b"second"]


def test_a_finalizer_may_keep_and_send_messages_while_others_are_sent(app: App) -> None:
    buffer = Buffer()

    def hand_over(messages: Any) -> list[Any]:
        if len(messages) == 1:
            buffer.add(messages)
            buffer.send(lambda more: cast(Any, [_Sent() for _ in more]))
        return [_Sent() for _ in messages]

    buffer.add([{"topic": "orders", "payload": "x"}])

    assert len(buffer.send(hand_over)) == 1
    assert buffer.drop() == 0


class _Sent:
    outcome = None
