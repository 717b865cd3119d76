"""What becomes of deliveries of a share group, as values."""

from __future__ import annotations

import threading

import pytest

from samovar.broker.port import Delivery, NewRecord, Record, ShareTerms, TopicPartition
from samovar.engine.routing.subscriptions import group_faults, subscriptions
from samovar.engine.routing.topic import Topic
from samovar.engine.share_groups.departure import IN_FLIGHT_SECONDS, Departure
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.engine.share_groups.requeue import Requeue
from samovar.engine.share_groups.verdict import attempts_before, given_back, last_delivery
from samovar.support import clock

TERMS = ShareTerms(most_deliveries=5, lock_seconds=30)


def delivery(count: int = 1, **headers: bytes) -> Delivery:
    record = Record(7, b"{}", b"key", tuple(headers.items()), 1000)
    return Delivery(TopicPartition("orders", 0), record, count)


@pytest.mark.parametrize(("limit", "last"), [(5, 4), (10, 9), (3, 2), (2, 2)])
def test_one_delivery_is_kept_in_reserve_unless_that_left_none(limit: int, last: int) -> None:
    assert last_delivery(ShareTerms(limit, 30)) == last


def test_what_is_given_back_will_be_performed_again() -> None:
    assert [given_back(delivery(count), TERMS).what for count in (1, 2, 3, 4)] == [
        "release",
        "release",
        "requeue",
        "requeue",
    ]


@pytest.mark.parametrize(
    ("told", "attempts"), [(b"3", 4), (b"x", 1), (b"", 1), (b"\xff", 1), (b"9" * 5000, 1)]
)
def test_failures_are_counted_over_copies_and_deliveries(told: bytes, attempts: int) -> None:
    assert attempts_before(delivery(2, share_attempts=told)) == attempts


def test_a_copy_is_the_same_but_for_its_count() -> None:
    producer = Recording()

    Requeue(lambda: producer).put([(delivery(1, own=b"1", share_attempts=b"1"), 2)])  # type: ignore[arg-type, return-value]

    assert producer.records == [
        NewRecord(
            topic="orders",
            value=b"{}",
            key=b"key",
            headers=(("own", b"1"), ("share_attempts", b"2")),
            timestamp=1000,
        )
    ]


class Recording:
    def __init__(self) -> None:
        self.records: list[NewRecord] = []

    def produce_sync(self, records: list[NewRecord]) -> None:
        self.records += records


def test_in_quarantine_nobody_else_holds_anything() -> None:
    quarantine = Quarantine()
    assert quarantine.enter()
    assert quarantine.enter()
    other = threading.Thread(target=quarantine.leave)
    other.start()

    assert quarantine.close()
    other.join()
    assert not quarantine.enter()
    assert not quarantine.close()

    quarantine.open()
    assert quarantine.enter()


def test_a_process_has_left_when_no_connection_can_be_handed_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    departure = Departure()
    departure.came()
    departure.came()
    departure.left()
    now[0] += 60
    assert not departure.is_over

    departure.left()
    assert not departure.is_over, "the broker may still answer what it asked"
    now[0] += IN_FLIGHT_SECONDS + 0.01
    assert departure.is_over

    departure.came()
    assert not departure.is_over


def test_a_share_group_has_a_name_of_its_own() -> None:
    drawn = [Topic(name="orders", share_group=True), Topic(name="mails")]

    assert [s.group for s in subscriptions(drawn, "app")] == ["app-share", "app"]
    assert list(group_faults(subscriptions(drawn, "app"))) == []


def test_the_name_of_a_share_group_cannot_be_another_groups() -> None:
    drawn = [Topic(name="orders", share_group=True), Topic(name="mails", group="app-share")]

    (fault,) = group_faults(subscriptions(drawn, "app"))

    assert "'app-share' has the name of a share group" in fault


def test_a_topic_of_a_share_group_is_no_other_groups() -> None:
    drawn = [Topic(name="orders", share_group=True), Topic(name="orders", group="audit")]

    (fault,) = group_faults(subscriptions(drawn, "app"))

    assert "'orders' is read by 'app-share' and 'audit'" in fault
