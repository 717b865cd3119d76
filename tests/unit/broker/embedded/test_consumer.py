"""Reading: trimming, waking, and topics that come, grow and go."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import pytest

from samovar.broker.embedded import EmbeddedBroker, housekeeping, shrinking
from samovar.broker.embedded.admin import EmbeddedAdmin
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.embedded.file import File
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.store import Store
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import WakePipe, Waker
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.errors import BrokerError
from tests.support.eventually import eventually

SOURCE = TopicPartition("mail", 0)


class Reader:
    """A member that remembers what it holds and what came."""

    def __init__(self, consumer: EmbeddedConsumer, *topics: str) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        self.lost_ones: set[TopicPartition] = set()
        self.received: list[bytes | None] = []
        consumer.subscribe(topics, self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.held |= set(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.held -= set(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self.held -= set(partitions)
        self.lost_ones |= set(partitions)

    def poll(self, timeout: float = 0.02) -> None:
        for batch in self.consumer.poll(10_000, timeout):
            self.received += [record.value for record in batch.records]

    def finish(self, offset: int) -> None:
        """Everything before this offset is done, and committed."""
        self.consumer.store({SOURCE: offset})
        self.consumer.commit()


@pytest.fixture
def broker(tmp_path: Path) -> EmbeddedBroker:
    return EmbeddedBroker(tmp_path / "log.db")


@pytest.fixture
def admin(broker: EmbeddedBroker) -> Iterator[EmbeddedAdmin]:
    admin = broker.admin()
    admin.create_topics([TopicSpec(name="mail", partitions=1)])
    yield admin
    admin.close()


@pytest.fixture
def producer(broker: EmbeddedBroker, admin: EmbeddedAdmin) -> Iterator[EmbeddedProducer]:
    producer = broker.producer()
    yield producer
    producer.close(1)


@pytest.fixture
def reader(broker: EmbeddedBroker, admin: EmbeddedAdmin) -> Iterator[Reader]:
    reader = Reader(broker.consumer("readers"), "mail", "images")
    reader.poll()
    assert reader.held == {SOURCE}
    yield reader
    reader.consumer.close()


def low(admin: EmbeddedAdmin) -> int:
    return admin.watermarks("mail")[SOURCE].low


def test_finished_records_are_trimmed(
    admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    producer.produce_many([NewRecord("mail", b"x")] * 7000)
    reader.poll()

    reader.finish(6500)

    def trimmed() -> bool:
        reader.poll()
        return low(admin) == 6500

    eventually(trimmed)
    assert [record.offset for record in admin.read(SOURCE, 0, 10_000)] == list(range(6500, 7000))


def test_records_are_kept_until_every_group_has_finished_them(
    broker: EmbeddedBroker, admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    producer.produce_many([NewRecord("mail", b"x")] * 10)
    other = Reader(broker.consumer("others"), "mail")
    other.poll()

    reader.finish(8)
    assert low(admin) == 0  # The other group holds the partition, but has not committed yet.
    other.finish(3)
    assert low(admin) == 3
    other.finish(9)
    assert low(admin) == 8
    other.consumer.close()


def test_a_group_that_has_left_still_counts_until_it_is_forgotten(
    broker: EmbeddedBroker, admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    producer.produce_many([NewRecord("mail", b"x")] * 10)
    other = Reader(broker.consumer("others"), "mail")
    other.poll()
    other.finish(3)
    other.consumer.close()

    reader.finish(8)
    assert low(admin) == 3
    admin.forget_group("others")
    reader.finish(9)
    assert low(admin) == 9


def test_a_steady_flow_does_not_let_the_file_grow(
    tmp_path: Path, producer: EmbeddedProducer, reader: Reader
) -> None:
    sizes: list[int] = []
    for round_number in range(1, 31):
        producer.produce_many([NewRecord("mail", b"x" * 500)] * 1000)
        reader.poll()
        reader.finish(round_number * 1000)
        reader.poll()
        sizes.append((tmp_path / "log.db").stat().st_size)

    assert sizes[-1] <= max(sizes[:10]) * 1.1


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_poll_ends_at_a_number_of_bytes(
    broker: EmbeddedBroker, admin: EmbeddedAdmin, producer: EmbeddedProducer, partitions: int
) -> None:
    admin.create_topics([TopicSpec(name="large", partitions=partitions)])
    megabyte = b"x" * 1024 * 1024
    for _ in range(4):
        producer.produce_many([NewRecord("large", megabyte) for _ in range(6)])
    reader = Reader(broker.consumer("readers"), "large")
    polls: list[int] = []

    def has_read_all() -> bool:
        polls.append(sum(len(b.records) for b in reader.consumer.poll(500, 0.02)))
        return sum(polls) == 24

    eventually(has_read_all)
    assert max(polls) == 8
    reader.consumer.close()


def test_what_is_stored_soon_outlives_the_process(
    broker: EmbeddedBroker, admin: EmbeddedAdmin, producer: EmbeddedProducer, tmp_path: Path
) -> None:
    lazy = EmbeddedBroker(tmp_path / "log.db", commit_interval=1000)
    reader = Reader(lazy.consumer("readers"), "mail")
    producer.produce_many([NewRecord("mail", b"x")] * 2)
    for position in (1, 2):
        eventually(lambda: (reader.poll(), len(reader.received))[1] == 2)
        reader.consumer.store({SOURCE: position})
        started = time.monotonic()
        while admin.committed("readers", "mail") != {SOURCE: position}:
            reader.poll()
            assert time.monotonic() - started < 5  # and not a thousand
    reader.consumer.close()


@pytest.mark.parametrize("synchronous", ["full", "normal"])
def test_what_was_committed_is_on_the_disk_after_the_interval(
    admin: EmbeddedAdmin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    synchronous: Literal["full", "normal"],
) -> None:
    writing = File.writing

    def spy(self: File, *, durable: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        if durable:
            found.append(self._synchronous)
        return writing(self, durable=durable)

    found: list[str] = []
    monkeypatch.setattr(File, "writing", spy)
    broker = EmbeddedBroker(tmp_path / "log.db", commit_interval=0.3, synchronous=synchronous)
    reader = Reader(broker.consumer("readers"), "mail")
    eventually(lambda: (reader.poll(), reader.held)[1])
    assert found == []

    reader.consumer.store({SOURCE: 0})
    until = time.monotonic() + 1
    while not found and time.monotonic() < until:
        reader.poll()

    assert found == (["normal"] if synchronous == "full" else [])
    reader.consumer.close()


def test_a_file_shrinks_in_a_quiet_moment_after_a_backlog(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    producer: EmbeddedProducer,
    admin: EmbeddedAdmin,
    reader: Reader,
) -> None:
    monkeypatch.setattr(housekeeping, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(housekeeping, "SHRINK_SECONDS", 0.2)
    path = tmp_path / "log.db"
    for _ in range(6):
        producer.produce_many([NewRecord("mail", b"x" * 4000) for _ in range(1000)])
    producer.produce_many([NewRecord("mail", b"kept") for _ in range(100)])
    eventually(lambda: (reader.poll(), len(reader.received))[1] == 6100)
    reader.finish(6000)
    assert path.stat().st_size > 16 * 1024 * 1024
    reader.consumer.seek(SOURCE, 6000)
    reader.poll()

    eventually(lambda: (reader.poll(0.1), path.stat().st_size)[1] < 2 * 1024 * 1024, within=30)

    producer.produce(NewRecord("mail", b"after"))
    kept = [record.value for record in admin.read(SOURCE, 0, 1000)]
    assert kept == [*[b"kept"] * 100, b"after"]


def test_a_file_with_little_free_is_left_as_it_is(tmp_path: Path, admin: EmbeddedAdmin) -> None:
    admin.topics()
    store = Store(tmp_path / "log.db", synchronous="normal")

    assert not shrinking.shrink(store)
    store.close()


def test_a_record_wakes_a_waiting_poll(producer: EmbeddedProducer, reader: Reader) -> None:
    written: list[float] = []

    def write() -> None:
        producer.produce(NewRecord("mail", b"x"))
        written.append(time.monotonic())

    timer = threading.Timer(0.5, write)
    timer.start()
    while not reader.received:
        reader.poll(timeout=20)
    seen = time.monotonic()
    timer.join()

    # Well under the tick of 0.25 s, by which it would be found without a pipe.
    assert seen - written[0] < 0.1


def test_the_first_partition_does_not_starve_the_others(
    broker: EmbeddedBroker, admin: EmbeddedAdmin, producer: EmbeddedProducer
) -> None:
    admin.create_topics([TopicSpec(name="busy", partitions=3)])
    producer.produce_many([NewRecord("busy", b"x", partition=n % 3) for n in range(3000)])
    reader = Reader(broker.consumer("readers"), "busy")

    polled = [reader.consumer.poll(100, 1) for _ in range(3)]

    assert {batch.source.partition for batches in polled for batch in batches} == {0, 1, 2}
    reader.consumer.close()


def test_a_topic_that_comes_later_is_picked_up(
    admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    admin.create_topics([TopicSpec(name="images", partitions=1)])
    producer.produce(NewRecord("images", b"x"))

    reader.poll(timeout=10)

    assert TopicPartition("images", 0) in reader.held
    assert reader.received == [b"x"]


def test_partitions_that_are_added_are_picked_up_by_both_sides(
    admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    producer.produce(NewRecord("mail", b"x"))
    admin.add_partitions("mail", 3)

    def used() -> bool:
        producer.produce(NewRecord("mail", b"x"))
        return all(high for _, high in admin.watermarks("mail").values())

    eventually(used)
    reader.poll()
    assert len(reader.held) == 3


def test_a_deleted_topic_is_lost_and_the_rest_goes_on(
    admin: EmbeddedAdmin, producer: EmbeddedProducer, reader: Reader
) -> None:
    admin.create_topics([TopicSpec(name="images", partitions=1)])
    reader.poll()
    admin.delete_topics(["mail"])
    producer.produce(NewRecord("images", b"x"))

    assert reader.consumer.store({SOURCE: 1}) == frozenset()
    reader.consumer.commit()
    reader.poll()

    assert reader.lost_ones == {SOURCE}
    assert reader.held == {TopicPartition("images", 0)}
    assert reader.received == [b"x"]
    assert reader.consumer.store({SOURCE: 1}) == {SOURCE}


def test_deleting_a_topic_frees_its_records(
    admin: EmbeddedAdmin, producer: EmbeddedProducer
) -> None:
    producer.produce_many([NewRecord("mail", b"x")] * 5000)

    admin.delete_topics(["mail"])

    with admin._store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM partitions").fetchone() == (0,)


def test_a_consumer_whose_pipe_was_taken_away_joins_anew(
    broker: EmbeddedBroker, tmp_path: Path, reader: Reader
) -> None:
    other = Reader(broker.consumer("readers"), "mail")
    for pipe in (tmp_path / "log.db-bells").iterdir():
        pipe.unlink()

    def is_settled() -> bool:
        reader.poll()
        other.poll()
        return len(reader.held) + len(other.held) == 1

    eventually(is_settled)
    other.consumer.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_not_taken_for_its_parent(tmp_path: Path, reader: Reader) -> None:
    directory = WakeDirectory(tmp_path / "log.db")
    (pipe,) = directory.names()
    child = os.fork()
    if child == 0:
        try:
            reader.consumer.poll(1, 0)
        except BrokerError:
            reader.consumer.close()
            os._exit(0)
        os._exit(1)

    assert os.waitpid(child, 0)[1] == 0
    assert not directory.is_abandoned(pipe)
    reader.poll()
    assert reader.held == {SOURCE}


def test_without_named_pipes_members_look_for_themselves(
    monkeypatch: pytest.MonkeyPatch, broker: EmbeddedBroker, producer: EmbeddedProducer
) -> None:
    monkeypatch.delattr(os, "mkfifo")
    reader = Reader(broker.consumer("readers"), "mail")
    reader.poll()
    timer = threading.Timer(0.2, producer.produce, args=[NewRecord("mail", b"x")])
    timer.start()

    reader.poll(timeout=20)
    timer.join()

    assert reader.received == [b"x"]
    reader.consumer.close()


def test_a_waker_finds_pipes_that_come_later(tmp_path: Path) -> None:
    directory = WakeDirectory(tmp_path / "log.db")
    waker = Waker(directory)
    waker.wake()
    pipes = [WakePipe(directory) for _ in range(3)]

    for _ in range(2):
        waker.wake()
        assert [pipe.wait(0) for pipe in pipes] == [True] * 3
        pipes.append(WakePipe(directory))
        pipes.pop(0).close()

    for pipe in pipes:
        pipe.close()
    waker.close()
    assert list(directory.path.iterdir()) == []


def test_a_wake_pipe_that_nobody_reads_any_more_is_abandoned(tmp_path: Path) -> None:
    directory = WakeDirectory(tmp_path / "log.db")
    pipe = WakePipe(directory)
    assert pipe.name is not None
    assert not directory.is_abandoned(pipe.name)

    pipe.forget()

    assert directory.is_abandoned(pipe.name)
    assert directory.is_abandoned("never-was")
