"""Writing: whole calls, unbroken offsets, from many processes and over forks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.admin import EmbeddedAdmin
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.errors import BrokerError, DeliveryFailedError, UnknownTopicError


@pytest.fixture
def broker(tmp_path: Path) -> EmbeddedBroker:
    return EmbeddedBroker(tmp_path / "log.db")


@pytest.fixture
def admin(broker: EmbeddedBroker) -> Iterator[EmbeddedAdmin]:
    admin = broker.admin()
    admin.create_topics([TopicSpec(name="mail", partitions=4)])
    yield admin
    admin.close()


@pytest.fixture
def producer(broker: EmbeddedBroker, admin: EmbeddedAdmin) -> Iterator[EmbeddedProducer]:
    producer = broker.producer()
    yield producer
    producer.close(1)


def values(admin: EmbeddedAdmin, topic: str = "mail") -> list[bytes]:
    return sorted(
        record.value or b""
        for source in admin.watermarks(topic)
        for record in admin.read(source, 0, 100_000)
    )


def test_an_unknown_topic_is_told(producer: EmbeddedProducer) -> None:
    with pytest.raises(UnknownTopicError, match="'nowhere'"):
        producer.produce(NewRecord("nowhere", b"x"))


@pytest.mark.parametrize("partition", [-1, 4])
def test_a_partition_that_is_not_there_is_told(producer: EmbeddedProducer, partition: int) -> None:
    with pytest.raises(DeliveryFailedError, match="it has 4"):
        producer.produce(NewRecord("mail", b"x", partition=partition))


def test_of_a_refused_call_nothing_is_stored(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    with pytest.raises(UnknownTopicError):
        producer.produce_many([NewRecord("mail", b"x"), NewRecord("nowhere", b"x")])

    assert values(admin) == []


def test_keys_are_placed_as_librdkafka_does(producer: EmbeddedProducer) -> None:
    records = [NewRecord("mail", b"x", key=b"key-%d" % n) for n in range(50)]

    written = producer.produce_sync(records)

    assert [place.source.partition for place in written] == [
        crc32(record.key or b"") % 4 for record in records
    ]


def test_a_topic_deleted_and_made_again_is_found(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    producer.produce(NewRecord("mail", b"old"))
    admin.delete_topics(["mail"])
    with pytest.raises(UnknownTopicError):
        producer.produce(NewRecord("mail", b"lost"))
    admin.create_topics([TopicSpec(name="mail", partitions=1)])

    producer.produce(NewRecord("mail", b"new"))

    assert values(admin) == [b"new"]


def test_a_closed_producer_refuses(producer: EmbeddedProducer) -> None:
    producer.close(1)

    with pytest.raises(BrokerError, match="close"):
        producer.produce(NewRecord("mail", b"x"))


def test_processes_that_write_at_once_leave_no_gap(tmp_path: Path, admin: EmbeddedAdmin) -> None:
    script = f"""
import sys
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import NewRecord
producer = EmbeddedBroker({str(tmp_path / "log.db")!r}).producer()
for n in range(100):
    producer.produce(NewRecord("mail", f"{{sys.argv[1]}}-{{n}}".encode(), partition=n % 4))
values = [f"{{sys.argv[1]}}-{{n}}".encode() for n in range(100, 300)]
producer.produce_many([NewRecord("mail", value) for value in values])
"""
    processes = [subprocess.Popen([sys.executable, "-c", script, str(n)]) for n in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4

    assert values(admin) == sorted(b"%d-%d" % (p, n) for p in range(4) for n in range(300))
    for source, (low, high) in admin.watermarks("mail").items():
        offsets = [record.offset for record in admin.read(source, 0, 100_000)]
        assert offsets == list(range(low, high))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_producer_goes_on_in_parent_and_child_after_a_fork(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    producer.produce(NewRecord("mail", b"before"))
    children: list[int] = []
    for n in range(3):
        child = os.fork()
        if child == 0:
            try:
                producer.produce(NewRecord("mail", b"child-%d" % n))
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
        producer.produce(NewRecord("mail", b"parent-%d" % n))

    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert values(admin) == sorted(
        [b"before"] + [b"%s-%d" % (who, n) for who in (b"child", b"parent") for n in range(3)]
    )


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_midst_of_writing_harms_nobody(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    count = [0]
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            producer.produce(NewRecord("mail", b"parent"))
            count[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(10):
        child = os.fork()
        if child == 0:
            try:
                producer.produce(NewRecord("mail", b"child"))
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    thread.join()

    assert values(admin) == [b"child"] * 10 + [b"parent"] * count[0]
    with producer._store.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_killed_writer_leaves_what_it_was_told_is_stored(
    tmp_path: Path, admin: EmbeddedAdmin
) -> None:
    script = f"""
import sys
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import NewRecord
producer = EmbeddedBroker({str(tmp_path / "log.db")!r}, synchronous="normal").producer()
for n in range(1000000):
    producer.produce(NewRecord("mail", b"%d" % n, partition=0))
    print(n, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout
    for _ in range(200):
        process.stdout.readline()
    process.kill()
    told = 200 + len(process.stdout.readlines())
    process.stdout.close()
    process.wait()

    stored = [record.value for record in admin.read(TopicPartition("mail", 0), 0, 1_000_000)]
    assert stored == [b"%d" % n for n in range(len(stored))]
    assert len(stored) in (told, told + 1)


def test_a_faulty_call_does_not_spoil_those_of_other_threads(
    producer: EmbeddedProducer, admin: EmbeddedAdmin
) -> None:
    refused: list[Exception] = []

    def write(writer: int) -> None:
        for n in range(20):
            try:
                producer.produce(NewRecord("nowhere" if n % 5 == 0 else "mail", b"x"))
            except UnknownTopicError as error:
                refused.append(error)

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 8 * 4
    assert values(admin) == [b"x"] * 8 * 16
