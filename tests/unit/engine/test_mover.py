"""A copy and the position of its source move together; here on the embedded log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.consumer import EmbeddedConsumer
from samovar.broker.port import Commit, NewRecord, TopicPartition, TopicSpec
from samovar.engine import mover as module
from samovar.engine.mover import Mover
from samovar.errors import BrokerError, BrokerUnavailableError, DeliveryFailedError
from tests.support.eventually import eventually

SOURCE = TopicPartition("mail", 0)


class Listening:
    def assigned(self, partitions: Sequence[TopicPartition]) -> None: ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...


class Slow:
    """Deliveries that never come."""

    passed = False

    def barrier(self) -> Slow:
        return self

    def flush(self, timeout: float) -> int:
        return 1

    def close(self, timeout: float) -> int:
        return 1


class Office:
    def __init__(self, path: Path) -> None:
        self.broker = EmbeddedBroker(path)
        self.admin = self.broker.admin()
        self.admin.create_topics([TopicSpec(name=n, partitions=1) for n in ("mail", "dead")])
        self.producer = self.broker.producer()
        self.producer.produce_sync([NewRecord("mail", b"%d" % n) for n in range(3)])
        self.consumer: EmbeddedConsumer = self.broker.consumer("app")
        self.consumer.subscribe(["mail"], Listening())
        eventually(lambda: self.consumer.poll(10, 0.1), what="the partition came")
        self.mover = Mover(self.broker, group="app", deliveries=self.producer)

    def dead(self) -> list[bytes | None]:
        return [record.value for record in self.admin.read(TopicPartition("dead", 0), 0, 10)]

    def close(self) -> None:
        self.consumer.close()
        self.admin.close()
        self.producer.close(1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "log.db")
    yield office
    office.close()


def test_a_copy_and_the_position_move_together(office: Office) -> None:
    """O03."""
    office.mover.follow(office.consumer)

    office.mover.move(NewRecord("dead", b"x"), SOURCE, 2)

    assert office.dead() == [b"x"]
    assert office.admin.committed("app", "mail") == {SOURCE: 2}


def test_an_older_position_that_waits_to_be_committed_does_not_undo_it(office: Office) -> None:
    office.mover.follow(office.consumer)
    office.consumer.store({SOURCE: 1}, {SOURCE: "older"})
    office.mover.move(NewRecord("dead", b"x"), SOURCE, 2)

    office.consumer.commit()
    assert office.admin.commits("app", "mail") == {SOURCE: Commit(2)}

    office.consumer.store({SOURCE: 2}, {SOURCE: "as far"})
    office.consumer.commit()
    assert office.admin.commits("app", "mail") == {SOURCE: Commit(2, "as far")}


def test_of_a_copy_that_is_refused_the_position_does_not_move(office: Office) -> None:
    office.mover.follow(office.consumer)

    with pytest.raises(DeliveryFailedError):
        office.mover.move(NewRecord("dead", b"x", partition=9), SOURCE, 2)
    assert office.admin.committed("app", "mail") == {}

    office.mover.move(NewRecord("dead", b"y"), SOURCE, 2)
    assert office.dead() == [b"y"]


def test_who_holds_the_partition_no_more_leaves_no_copy(office: Office) -> None:
    with pytest.raises(BrokerError, match="not this member's"):
        office.mover.move(NewRecord("dead", b"x"), SOURCE, 2)
    assert office.dead() == []

    office.mover.follow(office.consumer)
    office.mover.move(NewRecord("dead", b"y"), SOURCE, 2)
    assert office.dead() == [b"y"]


def test_a_copy_waits_for_what_finished_jobs_enqueued(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELIVERY_SECONDS", 0)
    mover = Mover(office.broker, group="app", deliveries=Slow())
    mover.follow(office.consumer)

    with pytest.raises(BrokerUnavailableError, match="is not delivered yet"):
        mover.move(NewRecord("dead", b"x"), SOURCE, 2)

    assert office.dead() == []
    assert office.admin.committed("app", "mail") == {}
