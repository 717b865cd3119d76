"""What is produced under the helpers stays in memory, whichever way it is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar import App, ArgumentError, DeliveryFailedError, MessageInvalidError
from samovar import ProducerClosedError as ClosedError
from samovar.broker.partitioning import partition_of
from samovar.errors import ProduceManyError
from samovar.job import runtime
from samovar.testing import JobAssertions, JobTestCase, recorded_jobs
from tests.support.applications import application


class TestWithUnittest(JobTestCase):
    def setUp(self) -> None:
        app: Any = runtime.installed()
        app.producer.produce_sync(topic="orders", payload="from setUp")

    def test_sees_what_its_set_up_produced(self) -> None:
        assert [message.value for message in self.produced("orders")] == [b"from setUp"]

    def test_sees_nothing_of_other_tests(self) -> None:
        assert len(self.produced_messages) == 1


@pytest.fixture
def on_a_log(tmp_path: Path) -> Iterator[App]:
    """An application whose log is no file yet."""
    with application(
        queue_adapter="embedded", embedded={"path": tmp_path / "log.db"}, queue_name_prefix="shop"
    ) as app:
        yield app


def values(jobs: JobAssertions, topic: str = "orders") -> list[bytes | None]:
    return [message.value for message in jobs.produced(topic)]


def a_message(payload: str) -> Any:
    return {"topic": "orders", "payload": payload}


def test_a_message_is_listed_as_it_would_be_stored(app: App, jobs: JobAssertions) -> None:
    written = app.producer.produce_sync(
        topic="orders", payload='{"id": 7}', key="7", headers={"a": "1"}, timestamp=5
    )
    app.producer.produce_sync(topic="others", payload=None, partition=2, key="x")

    order, other = jobs.produced_messages
    assert (order.topic, order.payload, order.key) == ("shop_orders", {"id": 7}, b"7")
    assert (order.headers, order.timestamp, order.offset) == ((("a", b"1"),), 5, 0)
    assert order.partition == written.source.partition == partition_of(b"7", 8)
    assert (other.value, other.partition) == (None, 2)
    assert jobs.produced("shop_others")[0].key == b"x"
    assert len(jobs.produced("others")) == 1


def test_every_way_to_produce_is_recorded(app: App, jobs: JobAssertions) -> None:
    producer = app.producer
    variant = producer.variant(topic_config={"acks": 1})
    producer.produce_async(topic="orders", payload="1").wait()
    producer.produce_many_sync([a_message("2"), a_message("3")])
    producer.produce_many_async([a_message("4")])
    variant.produce_sync(topic="orders", payload="5")
    producer.tombstone_sync(topic="orders", key="7", partition=0)

    assert values(jobs) == [b"1", b"2", b"3", b"4", b"5", None]


def test_what_is_kept_is_recorded_when_it_is_flushed(app: App, jobs: JobAssertions) -> None:
    app.producer.buffer(topic="orders", payload="1")
    assert values(jobs) == []
    app.producer.flush_sync()
    app.producer.buffer(topic="orders", payload="2")
    app.flush()
    app.producer.buffer(topic="orders", payload="3")
    assert app.producer.purge() == 1

    assert values(jobs) == [b"1", b"2"]


def test_a_transaction_is_recorded_when_it_ends_well(app: App, jobs: JobAssertions) -> None:
    with app.producer.transaction() as together:
        together.produce(topic="orders", payload="1")
        together.produce(topic="invoices", payload="2")
        assert jobs.produced_messages == []

    assert [message.value for message in jobs.produced_messages] == [b"1", b"2"]


def test_a_transaction_that_an_error_leaves_is_dropped(app: App, jobs: JobAssertions) -> None:
    def send(*messages: Any) -> None:
        with app.producer.transaction() as together:
            together.produce(topic="orders", payload="1")
            together.produce_many(messages)
            if not messages:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send()
    with pytest.raises(DeliveryFailedError):
        send(a_message("2") | {"partition": 99})

    assert jobs.produced_messages == []


def test_what_no_log_would_take_is_refused_as_ever(app: App, jobs: JobAssertions) -> None:
    with pytest.raises(MessageInvalidError, match="payload is 5"):
        app.producer.produce_sync(topic="orders", payload=5)  # type: ignore[arg-type]
    with pytest.raises(DeliveryFailedError, match="no partition 8; it has 8"):
        app.producer.produce_sync(topic="orders", payload="1", partition=8)
    with pytest.raises((ProduceManyError, DeliveryFailedError)):
        app.producer.produce_many_sync([a_message("1"), a_message("2") | {"partition": 8}])

    assert jobs.produced_messages == []


def test_no_log_is_opened_and_earlier_producers_record_too(on_a_log: App, tmp_path: Path) -> None:
    before = on_a_log.producer
    variant = before.variant(max_wait_timeout=5)
    with recorded_jobs() as jobs:
        on_a_log.producer.produce_sync(topic="orders", payload="1")
        before.produce_sync(topic="orders", payload="2")
        variant.produce_sync(topic="orders", payload="3")
        before.buffer(topic="orders", payload="never flushed")
        with variant.transaction() as together, on_a_log.producer.transaction():
            together.produce(topic="orders", payload="4")
        thread = threading.Thread(
            target=lambda: variant.produce_sync(topic="orders", payload="of a thread")
        )
        thread.start()
        thread.join()
        assert values(jobs) == [b"1", b"2", b"3", b"4", b"of a thread"]
    assert on_a_log.flush() == 0
    assert not (tmp_path / "log.db").exists()

    before.produce_sync(topic="orders", payload="for real")
    admin: Any = on_a_log._log().broker.admin()
    assert "shop_orders" in admin.topics()
    admin.close()


def test_what_was_kept_before_is_sent_for_real(on_a_log: App) -> None:
    on_a_log.producer.buffer(topic="orders", payload="1")
    with recorded_jobs() as jobs:
        on_a_log.flush()
        assert values(jobs) == []
    (written,) = on_a_log.producer.flush_sync()
    assert written.source.topic == "shop_orders"


def test_a_producer_of_one_test_serves_the_next_and_nobody_else(app: App) -> None:
    with recorded_jobs():
        kept = app.producer.variant(max_wait_timeout=5)
    with pytest.raises(ClosedError):
        kept.produce_sync(topic="orders", payload="1")
    with recorded_jobs() as jobs:
        kept.produce_sync(topic="orders", payload="2")
        assert values(jobs) == [b"2"]


def test_producing_on_an_event_loop(app: App, jobs: JobAssertions) -> None:
    async def produce() -> None:
        app.producer.produce_async(topic="orders", payload="1")

    asyncio.run(produce())

    assert values(jobs) == [b"1"]


def test_outside_of_a_test_nothing_is_recorded() -> None:
    with pytest.raises(ArgumentError, match="no messages are recorded"):
        _ = JobAssertions().produced_messages
