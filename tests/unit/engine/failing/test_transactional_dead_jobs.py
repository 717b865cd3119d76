"""A dead job of a transactional queue and its position are stored together, or not at all."""

from __future__ import annotations

from typing import Any, cast

import pytest

from samovar.broker.port import Record, TopicPartition
from samovar.engine.failing import dead_letters as module
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.partitions.coordinator import Coordinator
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import Topic
from samovar.engine.topics.existing import Topics
from samovar.errors import AssignmentLostError, BrokerError, DeliveryFailedError
from samovar.job.outcome import Failed
from tests.support.transaction_log import TransactionLog

SOURCE = TopicPartition("mail", 0)


class Existing:
    """Topics that are all there."""

    def partitions(self, name: str) -> int:
        return 1


class Deliveries:
    """What jobs enqueue is delivered, or never is."""

    passed = True

    def barrier(self) -> Deliveries:
        return self

    def flush(self, timeout: float) -> int:
        return 0


class Queue:
    """A partition whose jobs fail when their payload is bad; the listener answers at once."""

    def __init__(self) -> None:
        self.log = TransactionLog()
        self.marks = TransactionalMarks(self.log.ledger, SOURCE)
        self.log.ledger.wake = self.confirm
        self.deliveries = Deliveries()
        self.performed: list[bytes] = []
        #: What was done, each time that the listener was asked to commit it.
        self.asked: list[Any] = []
        dead = DeadLetters(
            group="app",
            producer=cast(Any, None),
            deliveries=cast(Any, self.deliveries),
            topics=cast(Topics, Existing()),
        )
        self.coordinator = Coordinator(
            source=SOURCE,
            topic=Topic(
                name="mail",
                pause=Pause(timeout=0, max_timeout=0.001),
                dead_letter_queue=DeadLetterQueue("dead", max_retries=0, transactional=True),
            ),
            dispatch_dead=dead.dispatch,
            stop_process=lambda _: None,
            transactions=self.marks,
        )

    def confirm(self) -> None:
        question = self.marks.awaited
        assert question is not None
        self.asked.append(self.coordinator.mark)
        self.marks.confirm(question)

    def work(self, *values: bytes) -> None:
        coordinator = self.coordinator
        coordinator.offer([Record(offset, value) for offset, value in enumerate(values)])
        coordinator.wake(float("inf"))
        assert coordinator.begin()
        coordinator.share(self.perform)
        coordinator.end()

    def perform(self, value: bytes, *_: object) -> None:
        self.performed.append(value)
        if value == b"bad":
            raise ValueError("boom")

    @property
    def mark(self) -> tuple[int, bool] | None:
        mark = self.coordinator.mark
        return None if mark is None else (mark.position, mark.is_committed)


def test_a_dead_job_and_its_position_are_stored_together() -> None:
    """O03."""
    queue = Queue()
    queue.work(b"good", b"bad")

    assert (queue.log.values, queue.log.positions) == ([b"bad"], {SOURCE: 2})
    assert queue.mark == (2, True)


def test_what_was_done_before_is_committed_before() -> None:
    """An older position that the listener commits later would undo that of the transaction."""
    queue = Queue()
    queue.work(b"good", b"bad", b"good", b"bad")

    assert [mark.position for mark in queue.asked] == [1, 3]
    assert queue.log.positions == {SOURCE: 4}


def test_the_partition_goes_on_after_a_dead_job() -> None:
    queue = Queue()
    queue.work(b"bad", b"good")

    assert queue.performed == [b"bad", b"good"]
    assert queue.mark == (2, False)


def test_of_a_copy_that_is_refused_the_position_does_not_move() -> None:
    queue = Queue()
    queue.log.errors = [DeliveryFailedError("refused")]
    queue.work(b"bad")

    assert (queue.log.values, queue.log.positions, queue.mark) == ([], {}, None)
    queue.work()
    assert queue.log.values == [b"bad"]


@pytest.mark.parametrize("is_stored", [False, True])
def test_of_a_copy_that_may_be_stored_it_is_found_out(is_stored: bool) -> None:
    queue = Queue()
    queue.log.positions = {SOURCE: 0}
    queue.log.errors = [BrokerError("no answer")]
    queue.log.stores_what_fails = is_stored
    queue.work(b"bad", b"good")

    assert queue.marks.is_in_doubt
    queue.work()
    assert queue.log.values == [b"bad"]
    assert queue.performed == ([b"bad", b"good"] if is_stored else [b"bad", b"bad", b"good"])
    assert queue.mark == (2, False)


def test_who_has_lost_the_partition_leaves_no_copy() -> None:
    queue = Queue()
    queue.coordinator.offer([Record(0, b"bad")])
    assert queue.coordinator.begin()
    queue.coordinator.leave()
    queue.coordinator.on_leave("revoked")

    assert not queue.coordinator.failed(Record(0, b"bad"), Failed(ValueError("boom")))
    assert (queue.log.values, queue.log.positions, queue.mark) == ([], {}, None)


def test_a_copy_moves_with_the_membership_of_when_its_partition_was_still_ours() -> None:
    """Kafka asks only whether a membership is in force, and not whose the partition is."""
    queue = Queue()
    queue.log.ledger.member = "before the rebalance"

    def rebalance() -> None:
        queue.log.ledger.member = "after it"
        queue.coordinator.leave()
        queue.coordinator.on_leave("revoked")

    queue.log.errors = [AssignmentLostError("out of date")]
    queue.confirm = lambda: (queue.marks.confirm(queue.marks.awaited or 0), rebalance())  # type: ignore[assignment, return-value]
    queue.log.ledger.wake = queue.confirm
    queue.work(b"bad")

    assert queue.log.members == []
    assert (queue.log.values, queue.log.positions) == ([], {})


def test_a_copy_waits_for_what_its_job_enqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELIVERY_SECONDS", 0)
    queue = Queue()
    queue.deliveries.passed = False
    queue.work(b"bad")
    assert (queue.log.values, queue.log.positions) == ([], {})

    queue.deliveries.passed = True
    queue.work()
    assert queue.log.values == [b"bad"]
