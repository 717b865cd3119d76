"""A dead letter always finds a place, if need be without what made it too large."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from samovar import events
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import NewRecord, Record, TopicPartition, TopicSpec, Written
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.recovery import DeadLetterQueue, Enhance
from samovar.engine.topics.existing import Topics
from samovar.errors import (
    BrokerError,
    DeliveryFailedError,
    DeliveryUnknownError,
    RecordTooLargeError,
)

SOURCE = TopicPartition("mail", 3)
ERROR = RuntimeError("no such user")
#: What the trace alone may take, in bytes.
TRACE = 1500


def size(record: NewRecord) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.value or b"") + len(record.key or b"") + headers


class Limited:
    """A producer that refuses what is too large."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.stored: list[NewRecord] = []

    def produce_sync(self, records: Sequence[NewRecord]) -> list[Written]:
        (record,) = records
        if size(record) > self.limit:
            raise RecordTooLargeError(f"{size(record)} bytes are too many")
        self.stored.append(record)
        return []


class Existing:
    """Topics that are all there, with four partitions."""

    def partitions(self, name: str) -> int:
        return 4


def failure(record: Record, enhance: Enhance | None = None) -> Failure:
    return Failure(
        source=SOURCE,
        record=record,
        target="mail_dead",
        attempts=4,
        error=ERROR,
        trace_id="t-1",
        queue=DeadLetterQueue("mail_dead", enhance=enhance),
    )


def dispatch(producer: Any, record: Record, enhance: Enhance | None = None) -> None:
    letters = DeadLetters(
        group="app", producer=producer, deliveries=producer, topics=cast(Topics, Existing())
    )
    letters.dispatch(failure(record, enhance))


@pytest.fixture
def told() -> Iterator[list[str]]:
    told: list[str] = []

    def hear(event: events.Event) -> None:
        told.append(str(event.payload["error"]))

    events.subscribe("broker.error")(hear)
    yield told
    events.unsubscribe(hear)


def test_a_dead_letter_that_fits_is_whole(told: list[str]) -> None:
    producer = Limited(10_000)

    dispatch(producer, Record(7, b"value", b"key", (("h", b"1"),)))

    (copy,) = producer.stored
    assert (copy.value, copy.key, copy.headers[0]) == (b"value", b"key", ("h", b"1"))
    assert dict(copy.headers)["source_offset"] == b"7"
    assert told == []


def test_a_hook_may_add_a_header_and_change_the_key() -> None:
    """D08."""

    def enhance(copy: NewRecord, record: Record) -> NewRecord:
        assert record.offset == 7
        return structs.replace(copy, key=b"mine", headers=(*copy.headers, ("team", b"post")))

    producer = Limited(10_000)
    dispatch(producer, Record(7, b"value", b"key"), enhance)

    (copy,) = producer.stored
    assert (copy.key, copy.headers[-1]) == (b"mine", ("team", b"post"))
    assert dict(copy.headers)["source_offset"] == b"7"


def broken(copy: NewRecord, record: Record) -> NewRecord:
    raise ValueError("no team")


def changing(**change: Any) -> Enhance:
    return lambda copy, record: structs.replace(copy, **change)


def forgetful(copy: NewRecord, record: Record) -> NewRecord:
    return cast(NewRecord, None)


@pytest.mark.parametrize(
    ("enhance", "said"),
    [
        (broken, "no team"),
        (forgetful, "expected the copy as a NewRecord"),
        *(
            (changing(**change), "expected the copy as a NewRecord")
            for change in (
                {"topic": "no such/topic"},
                {"value": "text"},
                {"headers": ((1, b"2"),)},
                {"headers": (("a", 2),)},
                {"headers": (("\ud800", b"2"),)},
            )
        ),
    ],
)
def test_a_hook_that_fails_is_told_and_the_copy_goes_as_it_is(enhance: Enhance, said: str) -> None:
    told: list[events.Event] = []
    hear = events.subscribe("dead_letter.hook_failed")(lambda event: told.append(event))
    producer = Limited(10_000)
    try:
        dispatch(producer, Record(7, b"value", b"key"), enhance)
    finally:
        events.unsubscribe(hear)

    (copy,) = producer.stored
    assert (copy.value, copy.key) == (b"value", b"key")
    (event,) = told
    assert event.payload["hook"] == "enhance"
    assert said in str(event.payload["error"])


def test_the_trace_is_left_out_before_the_value_is(told: list[str]) -> None:
    producer = Limited(1000)

    dispatch(producer, Record(7, b"v" * 990, None, (("h", b"1"),)))

    (copy,) = producer.stored
    assert (copy.value, copy.headers) == (b"v" * 990, (("h", b"1"),))
    assert told == []


def test_what_fits_in_no_way_is_kept_as_its_trace_and_told(told: list[str]) -> None:
    producer = Limited(2000)

    dispatch(producer, Record(7, b"v" * 5000, b"k" * 5000, (("h", b"1" * 5000),)))

    (copy,) = producer.stored
    assert (copy.topic, copy.partition, copy.value, copy.key) == ("mail_dead", 3, None, None)
    trace = dict(copy.headers)
    assert trace["source_topic"] == b"mail"
    assert (trace["source_partition"], trace["source_offset"]) == (b"3", b"7")
    assert (trace["error_class"], trace["error_message"]) == (b"RuntimeError", b"no such user")
    assert trace["dropped_value_bytes"] == b"5000"
    (line,) = told
    assert "mail[3]@7" in line
    assert "'mail_dead' without its value of 5000 bytes" in line
    assert "bytes are too many" in line


blobs = st.binary(max_size=20).flatmap(
    lambda part: st.integers(0, 300).map(lambda times: part * times)
)
records = st.builds(
    Record,
    st.integers(0, 2**40),
    st.none() | blobs,
    st.none() | blobs,
    st.lists(st.tuples(st.text(max_size=8), blobs), max_size=4).map(tuple),
)


@given(records, st.integers(TRACE, 8000))
def test_whatever_the_record_something_of_it_is_kept(record: Record, limit: int) -> None:
    producer = Limited(limit)

    dispatch(producer, record)

    (copy,) = producer.stored
    assert copy.value == record.value or (copy.value is None and copy.headers)


@pytest.mark.parametrize("refusal", [DeliveryFailedError, DeliveryUnknownError])
def test_what_is_refused_for_another_reason_than_its_size_loses_nothing(
    refusal: type[BrokerError],
) -> None:
    class Passing(Limited):
        """Refuses once."""

        calls = 0

        def produce_sync(self, records: Sequence[NewRecord]) -> list[Written]:
            self.calls += 1
            if self.calls == 1:
                raise refusal("not now")
            return super().produce_sync(records)

    producer = Passing(10_000)
    record = Record(7, b"v")

    with pytest.raises(refusal):
        dispatch(producer, record)
    dispatch(producer, record)

    (copy,) = producer.stored
    assert copy.value == b"v"
    assert dict(copy.headers)["source_offset"] == b"7"


def test_on_the_embedded_log_too_a_dead_letter_finds_a_place(
    tmp_path: Path, told: list[str]
) -> None:
    broker = EmbeddedBroker(tmp_path / "log.db")
    producer = broker.producer()
    with closing(broker.admin()) as admin:
        admin.create_topics([TopicSpec(name="mail", partitions=4)])
        with producer._store.reading() as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        letters = DeadLetters(
            group="app", producer=producer, deliveries=producer, topics=Topics(admin)
        )
        large = Record(7, b"v" * 99_990)
        with pytest.raises(RecordTooLargeError, match="larger than SQLite"):
            producer.produce(NewRecord("mail", b"v" * 100_001))

        letters.dispatch(failure(large))

        (copy,) = admin.read(TopicPartition("mail_dead", 3), 0, 10)
        assert copy.value is None
        assert dict(copy.headers)["dropped_value_bytes"] == b"99990"
        assert len(told) == 1
    producer.close(1)
