"""A dead member's partitions move: at once when its process is gone, within 3 s when it hangs."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from tests.support.eventually import eventually
from tests.unit.broker.embedded.member_process import MemberProcess

ALL = {TopicPartition("mail", number) for number in range(4)}


class Survivor:
    """A member in the test's own process."""

    def __init__(self, consumer: EmbeddedConsumer) -> None:
        self.consumer = consumer
        self.held: set[TopicPartition] = set()
        consumer.subscribe(["mail"], self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.held |= set(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.held -= set(partitions)

    lost = revoked

    def poll_until_held(self, count: int, *, within: float) -> float:
        """How many seconds it took."""
        started = time.monotonic()
        while len(self.held) != count:
            assert time.monotonic() - started < within, f"still holds {sorted(self.held)}"
            self.consumer.poll(500, 0.5)
        return time.monotonic() - started


@pytest.fixture
def broker(tmp_path: Path) -> EmbeddedBroker:
    broker = EmbeddedBroker(tmp_path / "log.db")
    admin = broker.admin()
    admin.create_topics([TopicSpec(name="mail", partitions=4)])
    admin.close()
    return broker


@pytest.fixture
def survivor(broker: EmbeddedBroker) -> Iterator[Survivor]:
    survivor = Survivor(broker.consumer("readers"))
    yield survivor
    survivor.consumer.close()


@pytest.fixture
def other(survivor: Survivor, tmp_path: Path) -> Iterator[MemberProcess]:
    survivor.poll_until_held(4, within=10)
    with MemberProcess(tmp_path / "log.db", "mail", "readers") as other:
        survivor.poll_until_held(2, within=30)

        def has_its_share() -> bool:
            survivor.consumer.poll(500, 0.05)
            return any(line.startswith("assigned") for line in other.lines)

        eventually(has_its_share)
        yield other


def test_a_killed_members_partitions_move_at_once(
    survivor: Survivor, other: MemberProcess, tmp_path: Path
) -> None:
    other.signal(signal.SIGKILL)

    assert survivor.poll_until_held(4, within=3) < 1
    assert len(list((tmp_path / "log.db-bells").iterdir())) == 1


def test_a_new_member_need_not_wait_for_a_killed_one(
    broker: EmbeddedBroker, survivor: Survivor, other: MemberProcess
) -> None:
    other.signal(signal.SIGKILL)
    survivor.consumer.close()
    fresh = Survivor(broker.consumer("readers"))

    assert fresh.poll_until_held(4, within=3) < 1
    fresh.consumer.close()


def test_a_hanging_members_partitions_move_within_three_seconds(
    survivor: Survivor, other: MemberProcess
) -> None:
    other.signal(signal.SIGSTOP)

    took = survivor.poll_until_held(4, within=10)

    assert took < 3
    other.signal(signal.SIGCONT)

    def joined_anew() -> bool:
        survivor.consumer.poll(500, 0.05)
        return any("lost" in line for line in other.lines) and len(survivor.held) == 2

    eventually(joined_anew, what="the other hears that it lost, and joins anew")
    events = [line for line in other.lines if line.startswith(("assigned", "lost"))]
    assert [json.loads(line.split(" ", 1)[1]) for line in events[:2]] == [[2, 3], [2, 3]]


def test_a_member_that_was_put_out_cannot_commit(
    broker: EmbeddedBroker, survivor: Survivor
) -> None:
    producer, admin = broker.producer(), broker.admin()
    places = producer.produce_sync([NewRecord("mail", b"x", partition=0) for _ in range(3)])
    survivor.poll_until_held(4, within=10)
    # It does not poll while another one comes, as if it hung.
    fresh = Survivor(broker.consumer("readers"))
    fresh.poll_until_held(4, within=10)
    fresh.consumer.store({places[0].source: 2})
    fresh.consumer.commit()

    survivor.consumer.store({places[0].source: 3})
    survivor.consumer.commit()

    assert admin.committed("readers", "mail") == {places[0].source: 2}
    survivor.poll_until_held(0, within=10)
    fresh.consumer.close()
    survivor.poll_until_held(4, within=10)
    producer.close(1)
    admin.close()
