"""What becomes of deliveries of a share group, as values."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from samovar.broker.port import Delivery, NewRecord, Record, TopicPartition
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.routing.recovery import DeadLetterQueue
from samovar.engine.routing.subscriptions import group_faults, subscriptions
from samovar.engine.routing.topic import Topic
from samovar.engine.share_groups.acknowledgements import Acknowledgements
from samovar.engine.share_groups.copies import Copies
from samovar.engine.share_groups.delivery_performer import DeliveryPerformer
from samovar.engine.share_groups.disposition import (
    Requeue,
    deaths,
    failures,
    is_quarantined,
    is_suspect,
    requeued,
)
from samovar.engine.share_groups.drain import IN_FLIGHT_SECONDS, Drain
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.errors import BrokerError, WorkerDiedError
from samovar.support import clock


def delivery(count: int = 1, **headers: bytes) -> Delivery:
    record = Record(7, b"{}", b"key", tuple(headers.items()), 1000)
    return Delivery(TopicPartition("orders", 0), record, count)


def test_what_comes_back_was_begun_and_not_ended() -> None:
    assert deaths(delivery(1)) == 0
    assert deaths(delivery(2)) == deaths(delivery(7)) == 1, "dying connections count as well"
    assert deaths(delivery(2, share_deaths=b"1")) == 2


def test_before_a_third_death_a_job_is_suspect_and_after_it_quarantined() -> None:
    told = [delivery(1, share_deaths=b"%d" % count) for count in range(4)]
    assert [is_suspect(each) for each in told] == [False, False, True, False]
    assert [is_quarantined(each) for each in told] == [False, False, False, True]


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


def test_a_quarantined_job_stays_so_while_its_dead_letter_cannot_be_stored() -> None:
    def refuse(*_: object) -> None:
        raise BrokerError("no such topic")

    performer = DeliveryPerformer(
        lock_seconds=30,
        topic=lambda name: Topic(name=name, dead_letter_queue=DeadLetterQueue("dead")),
        dispatch_dead=refuse,
        stop_process=lambda _: None,
    )

    disposition = performer.perform(delivery(1, share_deaths=b"3"), lambda value: None)

    assert disposition is not None
    assert disposition.deaths == 3


def test_a_dead_letter_that_is_put_back_begins_anew() -> None:
    failures: list[Failure] = []
    performer = DeliveryPerformer(
        lock_seconds=30,
        topic=lambda name: Topic(name=name, dead_letter_queue=DeadLetterQueue("dead")),
        dispatch_dead=failures.append,
        stop_process=lambda _: None,
    )

    performer.perform(delivery(2, own=b"1", share_attempts=b"1", share_deaths=b"3"), lambda _: None)

    (failure,) = failures
    assert failure.record.headers == (("own", b"1"),)
    assert isinstance(failure.error, WorkerDiedError)


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


def test_a_suspect_has_its_turn_even_if_others_do_not_end() -> None:
    quarantine = Quarantine()
    assert quarantine.enter()
    assert quarantine.enter()

    assert quarantine.close(0.01)
    assert not quarantine.enter(), "nobody else begins beside it"


def test_a_process_has_left_when_no_connection_can_be_handed_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    drain = Drain()
    drain.came()
    drain.came()
    drain.left()
    now[0] += 60
    assert not drain.is_over

    drain.left()
    assert not drain.is_over, "the broker may still answer what it asked"
    now[0] += IN_FLIGHT_SECONDS + 0.01
    assert drain.is_over

    drain.came()
    assert not drain.is_over


def test_a_share_group_has_a_name_of_its_own() -> None:
    declared = [Topic(name="orders", share_group=True), Topic(name="mails")]

    assert [s.group for s in subscriptions(declared, "app")] == ["app-share", "app"]
    assert list(group_faults(subscriptions(declared, "app"))) == []


def test_the_name_of_a_share_group_cannot_be_another_groups() -> None:
    declared = [Topic(name="orders", share_group=True), Topic(name="mails", group="app-share")]

    (fault,) = group_faults(subscriptions(declared, "app"))

    assert "'app-share' has the name of a share group" in fault


def test_a_topic_of_a_share_group_is_no_other_groups() -> None:
    declared = [Topic(name="orders", share_group=True), Topic(name="orders", group="audit")]

    (fault,) = group_faults(subscriptions(declared, "app"))

    assert "'orders' is read by 'app-share' and 'audit'" in fault


class Accepting:
    """A consumer and a producer at once, as far as acknowledgements need them."""

    def __init__(self) -> None:
        self.accepted: list[Delivery] = []
        self.copies: list[NewRecord] = []
        self.passed = True

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        self.accepted += deliveries

    def barrier(self) -> Accepting:
        return self

    def produce_sync(self, records: list[NewRecord]) -> None:
        self.copies += records


class Settling:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, seats: int = 1) -> None:
        self.now = 100.0
        monkeypatch.setattr(clock, "monotonic", lambda: self.now)
        self.log = Accepting()
        self.drain = Drain()
        self.acknowledgements = Acknowledgements(
            consumer=self.log,  # type: ignore[arg-type]
            producer=self.log,  # type: ignore[arg-type]
            copies=Copies(lambda: self.log),  # type: ignore[arg-type, return-value]
            drain=self.drain,
            back_off_slots=threading.Semaphore(seats),
            longest_wait=15,
        )


def test_a_back_off_ends_before_the_lock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch)
    settling.acknowledgements.expect([delivery()])
    settling.now += 10
    settling.acknowledgements.take([(delivery(), Requeue(attempts=4, after=16))])

    settling.now += 4.9
    settling.acknowledgements.go_on(hurry=False, leaving=0)
    assert settling.log.copies == []
    settling.now += 0.2
    settling.acknowledgements.go_on(hurry=False, leaving=0)
    assert len(settling.log.copies) == 1


def test_one_that_is_to_be_tried_alone_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = Settling(monkeypatch, seats=0)
    settling.acknowledgements.expect([delivery(), delivery(1, share_deaths=b"2")])
    settling.acknowledgements.take([(delivery(), Requeue(attempts=1, after=10))])

    settling.acknowledgements.go_on(hurry=False, leaving=1)

    assert len(settling.log.copies) == 1


def test_what_ends_while_the_process_ends_goes_round_when_it_cannot_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settling = Settling(monkeypatch)
    settling.drain.came()
    settling.acknowledgements.expect([delivery()])
    settling.acknowledgements.take([(delivery(), Requeue(attempts=1, after=10))])
    settling.acknowledgements.go_on(hurry=True, leaving=0)
    assert settling.log.copies == []

    settling.drain.left()
    settling.now += IN_FLIGHT_SECONDS + 0.01
    settling.acknowledgements.go_on(hurry=True, leaving=0)
    assert len(settling.log.accepted) == 1
