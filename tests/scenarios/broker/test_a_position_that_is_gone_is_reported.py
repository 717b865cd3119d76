"""What retention deleted unread, and a position beyond the end, are reported with a count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient

from samovar.broker.kafka import places
from samovar.broker.kafka.broker import KafkaBroker
from samovar.broker.kafka.settings import KafkaSettings
from samovar.broker.port import Commit, NewRecord, TopicPartition
from samovar.monitoring.worker_lines import WORKER
from samovar.testing.contracts.bench import Bench, Member, eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.listening import heard

RECORDS = 20


@pytest.fixture
def bench(kafka: KafkaProcess) -> Iterator[Bench]:
    bench = Bench(KafkaBroker(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)))
    yield bench
    bench.close()


@pytest.fixture
def source(bench: Bench) -> TopicPartition:
    """A partition with records."""
    source = TopicPartition(bench.topic(), 0)
    bench.producer.produce_sync([NewRecord(source.topic, b"%d" % n) for n in range(RECORDS)])
    return source


@pytest.fixture
def delete_before(kafka: KafkaProcess, source: TopicPartition) -> Callable[[int], None]:
    """Deletes records as retention does."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})

    def delete(offset: int) -> None:
        for future in admin.delete_records([KafkaPartition(*source, offset)]).values():
            future.result(10)

    return delete


def test_records_that_were_deleted_unread_are_counted(
    bench: Bench, source: TopicPartition, delete_before: Callable[[int], None]
) -> None:
    bench.admin.commit(bench.group("g"), {source: Commit(5)})
    delete_before(17)

    told, line = reported("records.gone", lambda: bench.member(source.topic, group="g"), 3)

    assert (told["count"], told["position"], told["first"]) == (12, 5, 17)
    assert "12 records" in line
    assert "retention.ms" in line


def test_records_that_were_deleted_during_a_long_pause_are_counted(
    bench: Bench,
    source: TopicPartition,
    delete_before: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "LONG_PAUSE_SECONDS", 0.0)
    member = bench.member(source.topic, group="g")
    member.poll_until_received(RECORDS)
    member.consumer.pause([source])
    bench.producer.produce_sync([NewRecord(source.topic, b"late") for _ in range(RECORDS)])
    delete_before(RECORDS + 7)

    def resumed() -> Member:
        member.consumer.resume([source])
        return member

    told, _ = reported("records.gone", resumed, 2 * RECORDS - 7)

    assert (told["count"], told["position"]) == (7, RECORDS)


def test_a_position_beyond_the_end_is_reported_with_what_is_read_again(
    bench: Bench, source: TopicPartition
) -> None:
    bench.admin.commit(bench.group("g"), {source: Commit(1500)})

    told, line = reported(
        "records.repeated", lambda: bench.member(source.topic, group="g"), RECORDS
    )

    assert (told["count"], told["position"], told["first"]) == (RECORDS, 1500, 0)
    assert "20 records" in line


@pytest.mark.parametrize("committed", [None, 5, RECORDS])
def test_nothing_is_reported_of_what_is_there(
    bench: Bench, source: TopicPartition, committed: int | None
) -> None:
    if committed is not None:
        bench.admin.commit(bench.group("g"), {source: Commit(committed)})
    with heard("records.gone", "records.repeated") as reports:
        member = bench.member(source.topic, group="g")
        member.poll_until_held(1)
        bench.producer.produce_sync([NewRecord(source.topic, b"last")])
        member.poll_until_received(RECORDS + 1 - (committed or 0))

    assert reports == []


def reported(event: str, begin: Callable[[], Member], count: int) -> tuple[Any, str]:
    """What is announced until a member has so many records, and its line in the log."""
    with heard(event) as reports:
        member = begin()
        eventually(lambda: member.poll() and member.count >= count, what="the records come")
    (report,) = reports
    return report.payload, WORKER[event][1](report.payload)
