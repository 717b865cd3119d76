"""What becomes of deliveries of a share group, as values."""

from __future__ import annotations

import threading

import pytest

from samovar.broker.port import Delivery, NewRecord, Record, TopicPartition
from samovar.engine.routing.subscriptions import group_faults, subscriptions
from samovar.engine.routing.topic import Topic
from samovar.engine.share_groups.copies import Copies
from samovar.engine.share_groups.departure import IN_FLIGHT_SECONDS, Departure
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.engine.share_groups.verdict import (
    Requeue,
    deaths,
    failures,
    is_condemned,
    is_on_trial,
    requeued,
)
from samovar.support import clock


def delivery(count: int = 1, **headers: bytes) -> Delivery:
    record = Record(7, b"{}", b"key", tuple(headers.items()), 1000)
    return Delivery(TopicPartition("orders", 0), record, count)


def test_what_comes_back_was_begun_and_not_ended() -> None:
    assert deaths(delivery(1)) == 0
    assert deaths(delivery(2)) == deaths(delivery(7)) == 1, "dying connections count as well"
    assert deaths(delivery(2, share_deaths=b"1")) == 2


def test_before_a_third_death_a_job_is_on_trial_and_after_it_condemned() -> None:
    told = [delivery(1, share_deaths=b"%d" % count) for count in range(4)]
    assert [is_on_trial(each) for each in told] == [False, False, True, False]
    assert [is_condemned(each) for each in told] == [False, False, False, True]


@pytest.mark.parametrize(
    ("told", "count"), [(b"3", 3), (b"x", 0), (b"", 0), (b"\xff", 0), (b"9" * 5000, 0)]
)
def test_what_anybody_may_have_written_is_no_trap(told: bytes, count: int) -> None:
    assert failures(delivery(2, share_attempts=told)) == count
    assert deaths(delivery(1, share_deaths=told)) == count


def test_what_goes_round_keeps_its_history() -> None:
    came = delivery(2, share_attempts=b"3", share_deaths=b"1")

    assert requeued(came) == Requeue(attempts=3, deaths=2)


def test_a_copy_is_the_same_but_for_its_history() -> None:
    producer = Recording()
    original = delivery(1, own=b"1", share_attempts=b"1", share_deaths=b"1")

    Copies(lambda: producer).put([(original, Requeue(attempts=2))])  # type: ignore[arg-type, return-value]

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

    assert quarantine.close(30)
    other.join()
    assert not quarantine.enter()
    assert not quarantine.close(30)

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
