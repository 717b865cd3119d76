"""A plain topic's partition at work: batches, marks, errors, pauses, farewells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samovar import events
from samovar.broker.port import NewRecord, Record, TopicPartition
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.consuming.consumption import Consumption
from samovar.engine.consuming.message import Message
from samovar.engine.flow import assembly
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.flow.stages import Admit, Hold, Skip
from samovar.engine.partitions.coordinator import Coordinator
from samovar.engine.producing.transactional_marks import TransactionalMarks
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import Topic
from samovar.support import clock
from tests.support.transaction_log import TransactionLog

SOURCE = TopicPartition("orders", 3)


class Desk:
    """A partition whose batches the test works off itself, one `work` each."""

    def __init__(self, consume: Callable[[Consumer], Any], **settings: Any) -> None:
        desk = self
        self.heard: list[str] = []
        self.batches: list[list[int]] = []
        self.dead: list[int] = []
        self.produced: list[NewRecord] = []
        self.log = TransactionLog()
        self.ledger = self.log.ledger

        class Noting(Consumer):
            def initialized(self) -> None:
                desk.heard.append(f"initialized {self.topic}[{self.partition}]")

            def consume(self) -> Any:
                desk.batches.append([message.offset for message in self.messages])
                return consume(self)

            def revoked(self) -> None:
                desk.heard.append("revoked")

            def shutdown(self) -> None:
                desk.heard.append("shutdown")

        quick = Pause(timeout=0, max_timeout=0.001)
        topic = Topic(name="orders", consumer=Noting, **{"pause": quick, **settings})
        transactions = TransactionalMarks(self.ledger, SOURCE)
        self.coordinator = Coordinator(
            source=SOURCE,
            topic=topic,
            dispatch_dead=self._bury,
            stop_process=lambda _: None,
            transactions=transactions,
            consumption=Consumption(
                source=SOURCE,
                topic=topic,
                produce=self.produced.append,
                gate=assembly.gate(topic, SOURCE),
                transactions=transactions,
            ),
        )

    def offer(self, *offsets: int) -> None:
        self.coordinator.offer([Record(offset, b'{"n": %d}' % offset) for offset in offsets])

    def work(self) -> bool:
        """One share; whether the partition now waits."""
        coordinator = self.coordinator
        coordinator.wake(float("inf"))
        assert coordinator.begin()
        coordinator.share(lambda *_: None)
        coordinator.end()
        return coordinator.is_waiting

    def on_leave(self, why: Any) -> None:
        if (say := self.coordinator.on_leave(why)) is not None:
            say()

    @property
    def position(self) -> int | None:
        return self.coordinator.position

    @property
    def left(self) -> list[int]:
        return [record.offset for record in self.coordinator.pending]

    def _bury(self, failure: Failure) -> None:
        self.dead.append(failure.record.offset)


def test_a_batch_is_marked_when_it_has_gone_well() -> None:
    desk = Desk(lambda consumer: None, max_messages=3)
    desk.offer(1, 2, 5, 6)

    assert not desk.work()
    assert desk.position == 6
    assert not desk.work()

    assert desk.batches == [[1, 2, 5], [6]]
    assert desk.position == 7
    assert desk.heard == ["initialized orders[3]"]


def test_a_message_has_what_its_record_has() -> None:
    seen: list[Message] = []
    desk = Desk(lambda consumer: seen.extend(consumer.messages))
    record = Record(4, b'{"a": 1}', b"key", (("h", b"1"),), 99)
    desk.coordinator.offer([record, Record(5, None)])
    desk.work()

    first, tombstone = seen
    assert (first.topic, first.partition, first.offset) == ("orders", 3, 4)
    assert (first.key, first.headers, first.timestamp, first.value) == (
        b"key",
        (("h", b"1"),),
        99,
        b'{"a": 1}',
    )
    assert first.payload == {"a": 1}
    assert first.payload is first.payload
    assert tombstone.payload is None


def test_a_topic_may_read_its_payloads_in_its_own_way() -> None:
    seen: list[Any] = []
    desk = Desk(
        lambda consumer: seen.extend(m.payload for m in consumer.messages),
        deserializer=lambda message: (message.value or b"").decode().upper(),
    )
    desk.coordinator.offer([Record(1, b"tea")])
    desk.work()

    assert seen == ["TEA"]


def test_after_an_error_the_batch_comes_again_without_what_was_marked() -> None:
    attempts: list[int] = []

    def consume(consumer: Consumer) -> None:
        attempts.append(consumer.attempt)
        for message in consumer.messages:
            if message.offset == 3 and not consumer.is_retrying:
                raise ValueError("boom")
            assert consumer.mark_as_consumed(message)

    desk = Desk(consume)
    desk.offer(1, 2, 3, 4)

    assert desk.work()
    assert desk.position == 3
    desk.offer(5)
    assert not desk.work()
    assert not desk.work()

    assert desk.batches == [[1, 2, 3, 4], [3, 4], [5]]
    assert attempts == [1, 2, 1]
    assert desk.position == 6


def test_after_its_retries_the_first_record_that_is_not_marked_is_moved_aside() -> None:
    def consume(consumer: Consumer) -> None:
        for message in consumer.messages:
            if message.offset == 2:
                raise ValueError("boom")
            consumer.mark_as_consumed(message)

    desk = Desk(consume, dead_letter_queue=DeadLetterQueue("dead", max_retries=1))
    desk.offer(1, 2, 3)
    for _ in range(3):
        desk.work()

    assert desk.batches == [[1, 2, 3], [2, 3], [3]]
    assert desk.dead == [2]
    assert desk.position == 4


def test_an_error_after_everything_was_marked_is_told_and_nothing_comes_again() -> None:
    told: list[events.Event] = []
    events.subscribe("consumer.failed")(told.append)

    def consume(consumer: Consumer) -> None:
        consumer.mark_as_consumed(consumer.messages[-1])
        raise ValueError("boom")

    try:
        desk = Desk(consume)
        desk.offer(1, 2)
        assert not desk.work()
    finally:
        events.unsubscribe(told.append)

    assert desk.position == 3
    assert desk.left == []
    assert [event.payload["hook"] for event in told] == ["consume"]


def test_with_manual_marks_the_end_of_a_batch_marks_nothing() -> None:
    def consume(consumer: Consumer) -> None:
        if 4 in [message.offset for message in consumer.messages]:
            consumer.mark_as_consumed(consumer.messages[0])

    desk = Desk(consume, manual_marks=True, max_messages=2)
    desk.offer(1, 2, 3, 4)
    desk.work()
    assert desk.position is None
    desk.work()

    assert desk.batches == [[1, 2], [3, 4]]
    assert desk.position == 4
    assert desk.left == []


def test_a_pause_goes_on_with_its_message_later_and_marks_nothing() -> None:
    def consume(consumer: Consumer) -> None:
        if consumer.messages[0].offset == 1:
            consumer.pause(consumer.messages[1], 60)

    desk = Desk(consume)
    desk.offer(1, 2, 3)

    assert desk.work()
    assert desk.position is None
    assert desk.left == [2, 3]
    assert not desk.work()
    assert desk.batches == [[1, 2, 3], [2, 3]]
    assert desk.position == 4


def test_a_coroutine_is_run_to_its_end() -> None:
    done: list[int] = []

    async def consume(consumer: Consumer) -> None:
        done.extend(message.offset for message in consumer.messages)

    desk = Desk(consume)
    desk.offer(1, 2)
    desk.work()

    assert done == [1, 2]
    assert desk.position == 3


def test_what_filters_leave_out_is_marked_with_the_batch_and_what_they_hold_ends_it() -> None:
    answers: dict[int, Any] = {1: Skip("odd"), 4: Hold(9e9)}

    class Own:
        def __init__(self, topic: str, partition: int) -> None: ...

        def admit(self, record: Record, now: float) -> Any:
            return answers.get(record.offset, Admit())

    desk = Desk(lambda consumer: None, filters=(Own,))
    desk.offer(1, 2, 3, 4, 5)

    assert not desk.work()
    assert desk.batches == [[2, 3]]
    assert desk.position == 4
    assert desk.work()
    answers[4] = Skip("late")
    desk.work()
    assert desk.batches == [[2, 3], [5]]
    assert desk.position == 6


def test_a_filter_that_fails_is_not_blamed_on_the_records_before() -> None:
    class Stumbles:
        def __init__(self, topic: str, partition: int) -> None: ...

        def admit(self, record: Record, now: float) -> Any:
            if record.offset == 2:
                raise ValueError("boom")
            return Admit()

    dead = DeadLetterQueue("dead", max_retries=0)
    desk = Desk(lambda consumer: None, filters=(Stumbles,), dead_letter_queue=dead)
    desk.offer(1, 2, 3)
    for _ in range(3):
        desk.work()

    assert desk.batches == [[1], [3]]
    assert desk.dead == [2]


def test_a_batch_that_has_heard_that_its_partition_has_left_may_have_ended_early() -> None:
    def consume(consumer: Consumer) -> None:
        desk.coordinator.leave()
        desk.coordinator.on_leave("revoked")
        assert consumer.is_revoked

    desk = Desk(consume)
    desk.offer(1, 2)

    assert not desk.work()
    assert desk.position is None


def test_a_mark_after_the_partition_has_left_comes_too_late_and_says_so() -> None:
    """E05."""
    answers: list[bool] = []

    def consume(consumer: Consumer) -> None:
        answers.append(consumer.is_revoked)
        desk.coordinator.leave()
        answers.append(consumer.is_revoked)
        answers.append(consumer.mark_as_consumed(consumer.messages[0]))
        desk.coordinator.on_leave("revoked")
        answers.append(consumer.mark_as_consumed(consumer.messages[1]))

    desk = Desk(consume)
    desk.offer(1, 2, 3)
    desk.work()

    assert answers == [False, True, True, False]
    assert desk.position == 2


@pytest.mark.parametrize("why", ["revoked", "shutdown"])
def test_a_consumer_that_worked_hears_the_end_once(why: str) -> None:
    desk = Desk(lambda consumer: None)
    desk.offer(1)
    desk.work()
    desk.on_leave(why)
    desk.on_leave("revoked")

    assert desk.heard == ["initialized orders[3]", why]


def test_a_partition_without_records_never_has_a_consumer() -> None:
    desk = Desk(lambda consumer: None)
    desk.on_leave("shutdown")

    assert desk.heard == []


def test_a_consumer_may_produce() -> None:
    desk = Desk(lambda consumer: consumer.produce("totals", b"1", key=b"k"))
    desk.offer(1)
    desk.work()

    assert desk.produced == [NewRecord("totals", b"1", key=b"k")]


class TestTicks:
    """A consumer whose topic is `periodic`, on a clock of the test's."""

    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [1000.0]
        monkeypatch.setattr(clock, "monotonic", lambda: now[0])
        return now

    def test_it_ticks_when_there_was_no_work_for_long_enough(self, now: list[float]) -> None:
        ticking = Ticking()
        assert ticking.wakes(now, 1) == 0
        assert ticking.wakes(now, 4) == 1
        assert ticking.heard == ["initialized", "tick"]
        assert ticking.wakes(now, 4) == 0
        ticking.perform(1)
        assert ticking.wakes(now, 4) == 0, "there was work"
        assert ticking.wakes(now, 1) == 1
        assert ticking.heard == ["initialized", "tick", "consume", "tick"]

    def test_it_does_not_tick_while_there_is_work_or_the_partition_leaves(
        self, now: list[float]
    ) -> None:
        ticking = Ticking()
        ticking.partition.offer([Record(1, b"1")])
        assert ticking.wakes(now, 5) == 0
        ticking.share()
        ticking.partition.leave()
        assert ticking.wakes(now, 5) == 0
        assert ticking.heard == ["initialized", "consume"]

    def test_an_error_of_a_tick_is_reported_and_changes_nothing(self, now: list[float]) -> None:
        told: list[events.Event] = []
        hear = events.subscribe("consumer.failed")(lambda event: told.append(event))
        ticking = Ticking(error=ValueError("not now"))
        assert ticking.wakes(now, 5) == 1
        ticking.perform(1)
        events.unsubscribe(hear)
        assert [event.payload["hook"] for event in told] == ["tick"]
        assert ticking.partition.position == 2
        assert ticking.wakes(now, 5) == 1

    def test_a_tick_may_mark_what_was_kept(self, now: list[float]) -> None:
        ticking = Ticking(manual_marks=True)
        ticking.perform(1, 2)
        assert ticking.partition.position is None
        assert ticking.wakes(now, 5) == 1
        assert ticking.partition.position == 3


class Ticking:
    def __init__(self, *, error: Exception | None = None, manual_marks: bool = False) -> None:
        ticking = self
        self.heard: list[str] = []

        class Keeping(Consumer):
            def initialized(self) -> None:
                ticking.heard.append("initialized")
                self.kept: list[Message] = []

            def consume(self) -> None:
                ticking.heard.append("consume")
                self.kept += self.messages

            async def tick(self) -> None:
                ticking.heard.append("tick")
                if error is not None:
                    raise error
                if self.kept:
                    self.mark_as_consumed(self.kept[-1])

        topic = Topic(name="orders", consumer=Keeping, periodic=5.0, manual_marks=manual_marks)
        transactions = TransactionalMarks(TransactionLog().ledger, SOURCE)
        self.partition = Coordinator(
            source=SOURCE,
            topic=topic,
            dispatch_dead=lambda _: None,
            stop_process=lambda _: None,
            transactions=transactions,
            consumption=Consumption(
                source=SOURCE,
                topic=topic,
                produce=lambda _: None,
                gate=None,
                transactions=transactions,
            ),
        )

    def wakes(self, now: list[float], seconds: float) -> int:
        """Let so many seconds pass; how many executors were invited, and did their work."""
        now[0] += seconds
        invited = self.partition.wake(now[0])
        if invited:
            self.share()
        return invited

    def perform(self, *offsets: int) -> None:
        self.partition.offer([Record(offset, b"1") for offset in offsets])
        self.share()

    def share(self) -> None:
        assert self.partition.begin()
        self.partition.share(lambda *_: None)
        self.partition.end()
