"""What a class's partitioner gives decides on the partition: as a key, or without being stored."""

from __future__ import annotations

import random
import signal

from samovar import perform_all_later
from samovar.broker.partitioning import partition_of
from samovar.broker.port import NewRecord, TopicPartition
from tests.jobs.dispatched import KeyedJob, NotedJob, NumberedJob, PlacedJob
from tests.support.stage import Stage

PARTITIONS = 10


def test_jobs_of_one_user_go_to_one_partition_and_run_one_at_a_time_in_order(
    stage: Stage,
) -> None:
    """B01, A01, A04."""
    stage.create(partitions=PARTITIONS)
    stage.app  # noqa: B018 -- jobs need an application
    users = ["ann", "b\u00f6b"]
    for number in range(100):
        KeyedJob.perform_later(users[number % 2], number, 0.001)
    stage.app.close()

    for user in users:
        placed = partition_of(user.encode(), PARTITIONS)
        held = stage.admin.read(TopicPartition(stage.topic(), placed), 0, 200)
        assert sum(record.key == user.encode() for record in held) == 50
    with stage.worker() as worker:
        stage.journal.wait(lambda journal: len(journal.notes()) == 100)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    lines = stage.journal.lines()
    for place, user in enumerate(users):
        mine = [(line.event, line.what) for line in lines if line.what.startswith(user)]
        assert mine == [
            (event, f"{user} {number}")
            for number in range(place, 100, 2)
            for event in ("start", "done")
        ]


def test_a_partition_key_chooses_as_a_key_does_and_is_not_stored(stage: Stage) -> None:
    """B02."""
    stage.create(partitions=PARTITIONS)
    stage.app  # noqa: B018
    perform_all_later([PlacedJob(f"user-{n % 5}", n) for n in range(40)])
    KeyedJob.perform_later("user-3", 40)
    stage.app.close()

    records = stage.records()
    assert [record.key for record in records].count(None) == 40
    place = partition_of(b"user-3", PARTITIONS)
    held = stage.admin.read(TopicPartition(stage.topic(), place), 0, 100)
    assert b"user-3" in [record.key for record in held]
    assert sum(b'"user-3"' in (record.value or b"") for record in held) == 9


def test_a_partition_is_the_one_that_was_asked_for(stage: Stage) -> None:
    """B03."""
    stage.create(partitions=PARTITIONS)
    stage.app  # noqa: B018
    for number in range(PARTITIONS):
        NumberedJob.perform_later(number, number)
    stage.app.close()

    for number in range(PARTITIONS):
        (record,) = stage.admin.read(TopicPartition(stage.topic(), number), 0, 10)
        assert b'"arguments":[%d,%d]' % (number, number) in (record.value or b"")


def test_a_partitioner_that_gives_none_gives_no_key(stage: Stage) -> None:
    """B04."""
    stage.create(partitions=PARTITIONS)
    stage.app  # noqa: B018
    perform_all_later([KeyedJob(None, number) for number in range(20)])
    NotedJob.perform_later("plain", 20)
    stage.app.close()

    assert {record.key for record in stage.records()} == {None}
    assert len(stage.records()) == 21


def test_keys_go_where_librdkafka_sends_them(kafka_stage: Stage) -> None:
    """B06."""
    kafka_stage.create(partitions=PARTITIONS)
    chance = random.Random(6)
    letters = "abc123-_\u00fc\u00e9\u4e2d\u6587\U0001f600"
    keys = {"".join(chance.choices(letters, k=chance.randint(1, 20))).encode() for _ in range(300)}
    producer = kafka_stage.broker.producer()

    written = producer.produce_sync(
        [NewRecord(kafka_stage.topic(), b"x", key=key) for key in sorted(keys)]
    )
    producer.close(10)

    for key, place in zip(sorted(keys), written, strict=True):
        assert place.source.partition == partition_of(key, PARTITIONS), key
