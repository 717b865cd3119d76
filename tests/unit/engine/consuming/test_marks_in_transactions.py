"""A consumer's marks in a transaction: with its messages, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import pytest

from samovar import ArgumentError, AssignmentLostError, BrokerError, Consumer, DeadLetterQueue
from samovar.engine.producing import transactional_marks as module
from samovar.engine.producing.transactions import Transaction, transaction
from tests.support.transaction_log import TransactionLog, messages, records_of
from tests.unit.engine.consuming.test_consumption import SOURCE, Desk


class Shop(Desk):
    """A desk whose consumer may use transactions; the listener answers at once."""

    def __init__(self, consume: Callable[[Consumer, Shop], Any], **settings: Any) -> None:
        super().__init__(lambda consumer: consume(consumer, self), **settings)
        assert self.coordinator.transactions is not None
        self.marks = self.coordinator.transactions
        self.ledger.wake = self.confirm

    def confirm(self) -> None:
        question = self.marks.awaited
        assert question is not None
        self.marks.confirm(question)

    def transaction(self) -> AbstractContextManager[Transaction]:
        return transaction(self.log.store, records_of)

    @property
    def mark(self) -> Any:
        return self.coordinator.mark


def sell(consumer: Consumer, shop: Shop) -> None:
    """One transaction for each message."""
    for message in consumer.messages:
        with shop.transaction() as together:
            together.produce_many(messages(str(message.offset)))
            assert consumer.mark_as_consumed(message)


def test_output_and_position_are_stored_together() -> None:
    """O02."""
    shop = Shop(sell)
    shop.offer(1, 2)
    assert not shop.work()

    assert shop.log.values == [b"1", b"2"]
    assert shop.log.positions == {SOURCE: 3}
    assert (shop.mark.position, shop.mark.is_committed, shop.left) == (3, True, [])


def test_what_a_consumer_produces_in_the_block_is_part_of_it() -> None:
    def consume(consumer: Consumer, shop: Shop) -> None:
        with shop.transaction():
            consumer.produce("totals", b"1")
            assert shop.log.values == []
        consumer.produce("totals", b"2")

    shop = Shop(consume)
    shop.offer(1)
    shop.work()

    assert shop.log.values == [b"1"]
    assert [record.value for record in shop.produced] == [b"2"]


def test_a_block_that_fails_leaves_neither_output_nor_position() -> None:
    """O01."""

    def consume(consumer: Consumer, shop: Shop) -> None:
        for message in consumer.messages:
            with shop.transaction() as together:
                together.produce_many(messages(str(message.offset)))
                consumer.mark_as_consumed(message)
                if message.offset == 2 and not consumer.is_retrying:
                    raise ValueError("boom")

    shop = Shop(consume)
    shop.offer(1, 2, 3)

    assert shop.work()
    assert (shop.log.values, shop.log.positions, shop.left) == ([b"1"], {SOURCE: 2}, [2, 3])
    assert shop.mark.position == 2
    shop.work()
    assert (shop.log.values, shop.left) == ([b"1", b"2", b"3"], [])


def test_a_block_whose_error_is_caught_outside_marks_nothing() -> None:
    def consume(consumer: Consumer, shop: Shop) -> None:
        with suppress(ValueError), shop.transaction():
            consumer.mark_as_consumed(consumer.messages[0])
            raise ValueError("boom")

    shop = Shop(consume, manual_marks=True)
    shop.offer(1)
    shop.work()

    assert (shop.mark, shop.log.positions) == (None, {})


@pytest.mark.parametrize("swallows", [False, True])
def test_a_mark_after_the_partition_has_left_raises_and_rolls_back(swallows: bool) -> None:
    raised: list[type[BaseException]] = []

    def consume(consumer: Consumer, shop: Shop) -> None:
        try:
            with shop.transaction() as together:
                together.produce_many(messages("x"))
                shop.coordinator.leave()
                shop.coordinator.on_leave("revoked")
                try:
                    consumer.mark_as_consumed(consumer.messages[0])
                except AssignmentLostError:
                    if not swallows:
                        raise
        except AssignmentLostError as error:
            raised.append(type(error))
            raise

    shop = Shop(consume, dead_letter_queue=DeadLetterQueue("dead", max_retries=0))
    shop.offer(1)
    shop.work()

    assert raised == [AssignmentLostError]
    assert (shop.log.values, shop.log.positions, shop.mark, shop.dead) == ([], {}, None, [])


def test_a_transaction_without_marks_may_still_be_stored_by_who_has_left() -> None:
    def consume(consumer: Consumer, shop: Shop) -> None:
        shop.coordinator.on_leave("revoked")
        with shop.transaction() as together:
            together.produce_many(messages("x"))

    shop = Shop(consume)
    shop.offer(1)
    shop.work()

    assert shop.log.values == [b"x"]


def test_a_membership_that_is_out_of_date_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(sell)
    shop.ledger.member = "old"
    wait = shop.marks._has_news

    def learn(member: object, until: float) -> bool:
        shop.ledger.member = "new"
        return wait(member, until)

    monkeypatch.setattr(shop.marks, "_has_news", learn)
    shop.log.errors = [AssignmentLostError()]
    shop.offer(1)
    shop.work()

    assert shop.log.members == ["old", "new"]
    assert (shop.log.values, shop.log.positions) == ([b"1"], {SOURCE: 2})


@pytest.mark.parametrize("is_stored", [False, True])
def test_of_a_transaction_that_may_be_stored_it_is_found_out(is_stored: bool) -> None:
    shop = Shop(sell)
    shop.log.positions = {SOURCE: 1}
    shop.log.errors = [BrokerError("no answer")]
    shop.log.stores_what_fails = is_stored
    shop.offer(1, 2)

    assert shop.work()
    assert shop.marks.is_in_doubt
    shop.work()

    assert not shop.marks.is_in_doubt
    assert shop.log.values == [b"1", b"2"]
    assert (shop.log.positions, shop.mark.position, shop.left) == ({SOURCE: 3}, 3, [])


def test_while_that_cannot_be_found_out_the_partition_waits() -> None:
    shop = Shop(sell)
    shop.log.errors = [BrokerError("no answer"), BrokerError("still none")]
    shop.offer(1)
    shop.work()

    assert shop.work()
    assert (shop.batches, shop.dead) == ([[1]], [])
    shop.work()
    assert shop.log.values == [b"1"]


def test_what_was_marked_plainly_is_committed_before_a_transaction_goes_further() -> None:
    asked: list[Any] = []

    def consume(consumer: Consumer, shop: Shop) -> None:
        if consumer.messages[0].offset == 2:
            sell(consumer, shop)

    shop = Shop(consume, max_messages=1)

    def confirm() -> None:
        asked.append((shop.mark, shop.marks.awaited is not None))
        shop.confirm()

    shop.ledger.wake = confirm
    shop.offer(1, 2)
    shop.work()
    assert (shop.mark.position, shop.mark.is_committed) == (2, False)
    shop.work()

    ((mark, awaits),) = asked
    assert (mark.position, awaits) == (2, True)
    assert shop.log.positions == {SOURCE: 3}


def test_a_transaction_waits_for_no_listener_that_gives_the_partition_away() -> None:
    shop = Shop(sell, dead_letter_queue=DeadLetterQueue("dead", max_retries=0))
    shop.ledger.wake = shop.coordinator.leave
    shop.offer(1)
    shop.work()

    assert (shop.log.values, shop.dead, shop.mark) == ([], [], None)


def test_a_listener_that_never_answers_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LISTENER_SECONDS", 0.01)
    shop = Shop(sell)
    shop.ledger.wake = lambda: None
    shop.offer(1)

    assert shop.work()
    assert (shop.log.values, shop.left) == ([], [1])


def test_a_transaction_of_another_application_cannot_mark() -> None:
    raised: list[str] = []

    def consume(consumer: Consumer, shop: Shop) -> None:
        with transaction(TransactionLog().store, records_of):
            try:
                consumer.mark_as_consumed(consumer.messages[0])
            except ArgumentError as error:
                raised.append(str(error))

    shop = Shop(consume)
    shop.offer(1)
    shop.work()

    assert "another application" in raised[0]
