"""Code that Python runs in the middle of a use of the log, in the same thread, does no harm."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from samovar import events
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.admin import EmbeddedAdmin
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.store import Store
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec, Written
from samovar.errors import BrokerError
from tests.support.interrupting import interrupted_at_every_step

pytestmark = pytest.mark.timeout(120)
SOURCE = TopicPartition("mail", 0)
OUTER = NewRecord("mail", b"outer")
INNER = NewRecord("mail", b"inner")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def broker(path: Path) -> EmbeddedBroker:
    return EmbeddedBroker(path, synchronous="normal")


@pytest.fixture
def admin(broker: EmbeddedBroker) -> Iterator[EmbeddedAdmin]:
    with closing(broker.admin()) as admin:
        admin.create_topics([TopicSpec(name="mail", partitions=1)])
        yield admin


@pytest.fixture
def producer(broker: EmbeddedBroker, admin: EmbeddedAdmin) -> Iterator[EmbeddedProducer]:
    producer = broker.producer()
    producer.produce(OUTER)
    yield producer
    producer.close(1)


def values(admin: EmbeddedAdmin) -> list[bytes | None]:
    return [record.value for record in admin.read(SOURCE, 0, 100_000)]


def test_an_enqueue_at_any_step_of_an_enqueue_is_stored_once(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    calls = 0
    steps = interrupted_at_every_step(
        lambda: producer.produce(OUTER), lambda: producer.produce(INNER)
    )
    for calls in steps:
        stored = values(admin)
        assert stored.count(b"outer") == calls + 1, calls
        assert stored.count(b"inner") in (calls, calls - 1), calls

    assert calls > 50
    assert [record.offset for record in admin.read(SOURCE, 0, 100_000)] == list(range(2 * calls))


def test_an_enqueue_by_the_garbage_collector_is_stored(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    failed: list[Exception] = []

    class Forgotten:
        def __init__(self) -> None:
            self.myself = self

        def __del__(self) -> None:
            try:
                producer.produce(INNER)
            except Exception as error:
                failed.append(error)

    threshold = gc.get_threshold()
    try:
        for number in range(300):
            Forgotten()
            gc.set_threshold(1 + number % 7)
            producer.produce(OUTER)
    finally:
        gc.set_threshold(*threshold)
    gc.collect()

    assert not failed
    stored = values(admin)
    assert (stored.count(b"outer"), stored.count(b"inner")) == (301, 300)


@pytest.mark.parametrize(
    "call",
    [
        lambda admin: admin.create_topics([TopicSpec(name="other", partitions=1)]),
        lambda admin: admin.topics(),
        lambda admin: admin.forget_group("nobody"),
    ],
    ids=["create topics", "list topics", "forget a group"],
)
def test_an_enqueue_at_any_step_of_another_use_is_stored(
    producer: EmbeddedProducer, admin: EmbeddedAdmin, call: Callable[[EmbeddedAdmin], object]
) -> None:
    steps = interrupted_at_every_step(lambda: call(admin), lambda: producer.produce(INNER))
    *_, count = steps

    assert count - 1 <= values(admin).count(b"inner") <= count


def nested(store: Store, use: Callable[[], object]) -> list[Exception]:
    """What the use raises in the middle of a transaction of the same thread."""
    raised: list[Exception] = []
    with store.writing():
        try:
            use()
        except Exception as error:
            raised.append(error)
    return raised


@pytest.mark.parametrize(
    "use",
    [
        lambda broker, producer: producer.produce_sync([INNER]),
        lambda broker, producer: producer.cancel_scheduled("key"),
        lambda broker, producer: broker.admin().delete_topics(["mail"]),
        lambda broker, producer: broker.atomic_producer("name").produce_atomically([INNER]),
    ],
    ids=["produce_sync", "cancel", "delete", "transaction"],
)
def test_what_needs_an_answer_at_once_is_refused_with_nothing_changed(
    path: Path,
    broker: EmbeddedBroker,
    producer: EmbeddedProducer,
    admin: EmbeddedAdmin,
    use: Callable[[EmbeddedBroker, EmbeddedProducer], object],
) -> None:
    store = Store(path, synchronous="normal")

    (error,) = nested(store, lambda: use(broker, producer))
    store.close()

    assert isinstance(error, BrokerError)
    assert "interrupted another use" in str(error)
    producer.produce(OUTER)
    assert values(admin) == [b"outer", b"outer"]


def test_what_is_stored_later_is_reported_later(
    path: Path, producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    store = Store(path, synchronous="normal")
    told: list[tuple[int, Any]] = []

    nested(store, lambda: producer.produce_each([INNER], lambda *answer: told.append(answer)))
    store.close()

    assert told == [(0, Written(SOURCE, 1))]
    assert values(admin) == [b"outer", b"inner"]


def test_what_cannot_be_stored_later_is_an_event(path: Path, producer: EmbeddedProducer) -> None:
    store = Store(path, synchronous="normal")
    heard: list[events.Event] = []
    events.subscribe("producer.failed")(heard.append)
    try:
        nested(store, lambda: producer.produce(NewRecord("nowhere", b"x")))
    finally:
        events.unsubscribe(heard.append)
    store.close()

    (event,) = heard
    assert event.payload["topic"] == "nowhere"


def test_a_transaction_that_was_left_open_holds_up_nobody(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    with producer._store.reading() as connection:
        connection.execute("BEGIN IMMEDIATE")  # as if interrupted before its block began
        connection.execute("DELETE FROM records")

    producer.produce(INNER)

    assert values(admin) == [b"outer", b"inner"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_use_harms_nobody(
    path: Path, producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    store = Store(path, synchronous="normal")
    with store.reading():
        if (child := os.fork()) == 0:
            try:
                producer.produce(INNER)
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    store.close()

    assert values(admin) == [b"outer", b"inner"]


@pytest.mark.parametrize("behind", [1, 7])
def test_a_damaged_counter_is_mended_when_the_file_is_opened(path: Path, behind: int) -> None:
    broker = EmbeddedBroker(path)
    with closing(broker.admin()) as admin:
        admin.create_topics([TopicSpec(name="mail", partitions=2)])
        producer = broker.producer()
        producer.produce_many([NewRecord("mail", b"%d" % n, partition=0) for n in range(10)])
        producer.close(1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE partitions SET next_offset = max(0, next_offset - ?)", [behind])
    heard: list[events.Event] = []
    events.subscribe("log.repaired")(heard.append)

    try:
        producer = EmbeddedBroker(path).producer()
        (written,) = producer.produce_sync([NewRecord("mail", b"x", partition=0)])
    finally:
        events.unsubscribe(heard.append)
    producer.close(1)

    assert written.offset == 10
    (event,) = heard
    assert event.payload == {"path": str(path), "partitions": 1}
