"""A record that waits carries where it goes, and when, in Karafka's headers."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from samovar.broker.partitioning import partition_of
from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.scheduled import envelope
from samovar.engine.scheduled.envelope import NewerVersionError, Target
from samovar.errors import PayloadError

SOURCE = TopicPartition("schedules", 3)


def target(**changes: object) -> Target:
    values = {"topic": "mail", "value": b"\x00raw", "epoch": 1_700_000_000} | changes
    return Target(**values)  # type: ignore[arg-type]


def stored(new: NewRecord, offset: int = 7) -> Record:
    return Record(offset, new.value, new.key, new.headers, 0)


def wrapped(target: Target, *, key: str = "job-1", partitions: int = 5) -> NewRecord:
    return envelope.wrap(target, topic="schedules", key=key, partitions=partitions)


def test_the_control_headers_are_text_under_karafkas_names() -> None:
    record = wrapped(target(key=b"k", partition=12, partition_key=b"p", headers=(("h", b"1"),)))

    assert record.key == b"job-1"
    assert record.value == b"\x00raw"
    assert record.headers == (
        ("h", b"1"),
        ("schedule_schema_version", b"1.0.0"),
        ("schedule_source_type", b"schedule"),
        ("schedule_target_epoch", b"1700000000"),
        ("schedule_target_topic", b"mail"),
        ("schedule_target_key", b"k"),
        ("schedule_target_partition", b"12"),
        ("schedule_target_partition_key", b"p"),
    )


def test_what_was_wrapped_reads_as_it_was() -> None:
    whole = target(key=b"k", partition=12, partition_key=b"p", headers=(("h", b"1"), ("h", b"2")))

    assert envelope.read(stored(wrapped(whole))) == whole
    assert envelope.read(stored(wrapped(target()))) == target()


def test_payload_key_partition_and_headers_arrive_unchanged_with_where_they_waited() -> None:
    """J08."""
    whole = target(key=b"k", partition=2, headers=(("h", b"1"),))
    record = stored(wrapped(whole), offset=9)

    left = envelope.unwrap(envelope.read(record), source=SOURCE, record=record, partitions=8)

    assert (left.topic, left.value, left.key, left.partition) == ("mail", b"\x00raw", b"k", 2)
    assert left.headers == (
        ("h", b"1"),
        ("schedule_source_topic", b"schedules"),
        ("schedule_source_partition", b"3"),
        ("schedule_source_offset", b"9"),
        ("schedule_source_key", b"job-1"),
    )


def test_a_partition_key_chooses_the_targets_partition_and_is_not_stored() -> None:
    record = stored(wrapped(target(partition_key=b"user-1")))

    left = envelope.unwrap(envelope.read(record), source=SOURCE, record=record, partitions=8)

    keyed = stored(wrapped(target(key=b"user-1")))
    assert left.key is None
    assert left.partition == partition_of(b"user-1", 8)
    assert envelope.unwrap(envelope.read(keyed), source=SOURCE, record=keyed, partitions=8).key


def test_what_goes_together_waits_together() -> None:
    for related in (target(key=b"u"), target(partition_key=b"u"), target(partition=13)):
        places = {wrapped(related, key=f"job-{n}").partition for n in range(20)}
        assert len(places) == 1
    assert len({wrapped(target(), key=f"job-{n}").partition for n in range(40)}) == 5


def test_due_times_are_rounded_up_to_whole_seconds() -> None:
    assert envelope.whole_seconds(1_000_000_000) == 1
    assert envelope.whole_seconds(1_000_000_001) == 2


@pytest.mark.parametrize("missing", range(4))
def test_a_record_that_lacks_a_required_header_is_no_schedule(missing: int) -> None:
    record = wrapped(target())
    headers = [pair for n, pair in enumerate(record.headers) if n != missing]

    with pytest.raises(PayloadError, match=record.headers[missing][0]):
        envelope.read(stored(structs.replace(record, headers=tuple(headers))))


@pytest.mark.parametrize("version", ["1.0.1", "1.1.0", "2.0.0", "1.0.0.1"])
def test_a_newer_version_is_told_apart(version: str) -> None:
    """J09."""
    headers = (("schedule_schema_version", version.encode()), *wrapped(target()).headers[1:])

    with pytest.raises(NewerVersionError, match=version):
        envelope.read(stored(structs.replace(wrapped(target()), headers=headers)))


def test_headers_that_mean_nothing_are_told() -> None:
    for name in ("schedule_schema_version", "schedule_target_epoch"):
        headers = tuple(
            (n, b"soon" if n == name else value) for n, value in wrapped(target()).headers
        )
        with pytest.raises(PayloadError, match=name):
            envelope.read(stored(structs.replace(wrapped(target()), headers=headers)))


def test_a_cancellation_is_a_tombstone_and_its_answer_is_for_its_asker_alone() -> None:
    asked = envelope.cancellation(SOURCE, b"job-1", b"me")
    yes = stored(envelope.answer(SOURCE, b"me", was_waiting=True))
    no = stored(envelope.answer(SOURCE, b"me", was_waiting=False))

    assert (asked.value, asked.key, asked.partition) == (None, b"job-1", 3)
    assert ("schedule_source_type", b"cancel") in asked.headers
    assert envelope.asker(stored(asked)) == b"me"
    assert envelope.asker(yes) is None
    assert envelope.answered(stored(asked), b"me") is None
    assert envelope.answered(yes, b"me") is True
    assert envelope.answered(no, b"me") is False
    assert envelope.answered(yes, b"you") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schedule_target_topic", b"no such/topic"),
        ("schedule_target_topic", b""),
        ("schedule_target_topic", b".."),
        ("schedule_target_topic", b"a\x00b"),
        ("schedule_target_topic", b"x" * 250),
        ("schedule_target_topic", b"mail\n"),
        ("schedule_target_topic", b"__consumer_offsets"),
        ("schedule_target_topic", None),
        ("schedule_target_epoch", None),
        ("schedule_schema_version", None),
        ("schedule_target_partition", b"9" * 30),
        ("schedule_target_partition", b"-7"),
    ],
)
def test_what_no_log_could_take_is_told_before_it_waits(name: str, value: bytes | None) -> None:
    record = wrapped(target(partition=2))
    headers: Any = tuple((n, value if n == name else told) for n, told in record.headers)

    with pytest.raises(PayloadError, match=name):
        envelope.read(stored(structs.replace(record, headers=headers)))


@pytest.mark.parametrize("kind", [b"cancel", b"tombstone", b"", b"Schedule", b"\xff"])
def test_a_record_with_a_value_that_is_of_another_kind_is_no_schedule(kind: bytes) -> None:
    record = wrapped(target())
    headers = tuple(
        (name, kind if name == "schedule_source_type" else value) for name, value in record.headers
    )

    with pytest.raises(PayloadError, match="schedule_source_type"):
        envelope.read(stored(structs.replace(record, headers=headers)))
