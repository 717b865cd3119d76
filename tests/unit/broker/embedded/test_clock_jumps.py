"""Somebody sets the machine's clock: leases run on, and nobody loses a partition for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.support import clock

LEASE_SECONDS = 0.6
DAY_NS = 86_400 * 10**9


class Reader:
    """A member that notes what it held, lost and read."""

    def __init__(self, consumer: EmbeddedConsumer) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        self.moves = 0
        self.received: list[bytes | None] = []
        consumer.subscribe(["mail"], self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.moves += 1
        self.held |= set(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.moves += 1
        self.held -= set(partitions)

    lost = revoked

    def poll(self) -> None:
        for batch in self.consumer.poll(500, 0.02):
            self.received += [record.value for record in batch.records]


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[list[Reader]]:
    """Two members that share four partitions, with a record in each."""
    broker = EmbeddedBroker(tmp_path / "log.db", lease=LEASE_SECONDS)
    admin, producer = broker.admin(), broker.producer()
    admin.create_topics([TopicSpec(name="mail", partitions=4)])
    readers = [Reader(broker.consumer("readers")) for _ in range(2)]
    poll_until(readers, lambda: [len(reader.held) for reader in readers] == [2, 2])
    producer.produce_many([NewRecord("mail", b"here", partition=number) for number in range(4)])
    yield readers
    for part in (*(reader.consumer for reader in readers), admin):
        part.close()
    producer.close(1)


@pytest.fixture(params=[DAY_NS, -DAY_NS], ids=["forwards", "backwards"])
def set_the_clock(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    real = clock.now_ns

    def set_it() -> None:
        monkeypatch.setattr(clock, "now_ns", lambda: real() + request.param)
        monkeypatch.setattr(clock, "now", lambda: (real() + request.param) / 1e9)

    return set_it


def test_who_polls_keeps_its_partitions(
    readers: list[Reader], set_the_clock: Callable[[], None]
) -> None:
    moves = [reader.moves for reader in readers]
    until = clock.monotonic() + 1.2 * LEASE_SECONDS

    set_the_clock()
    poll_until(readers, lambda: clock.monotonic() > until)

    assert [reader.moves for reader in readers] == moves
    assert [reader.received for reader in readers] == [[b"here"] * 2] * 2


def test_who_hangs_loses_them_in_time(
    readers: list[Reader], set_the_clock: Callable[[], None]
) -> None:
    awake, _hanging = readers

    set_the_clock()
    poll_until([awake], lambda: len(awake.held) == 4)

    assert awake.received.count(b"here") == 4


def poll_until(readers: list[Reader], condition: Callable[[], bool]) -> None:
    until = clock.monotonic() + 10
    while not condition():
        assert clock.monotonic() < until, f"held: {[reader.held for reader in readers]}"
        for reader in readers:
            reader.poll()
