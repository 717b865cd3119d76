"""The failures of one lane: how they are counted, and when they are forgotten."""

from __future__ import annotations

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.decisions import DeadLetter, Retry
from samovar.engine.recovery import Recovery
from samovar.engine.routing.recovery import DeadLetterQueue
from samovar.engine.routing.topic import Topic

SOURCE = TopicPartition("orders", 0)
RECORD = Record(1, b"1")


def lane(queue: DeadLetterQueue, max_messages: int = 100) -> Recovery:
    topic = Topic(name="orders", dead_letter_queue=queue, max_messages=max_messages)
    return Recovery(source=SOURCE, topic=topic, dispatch_dead=lambda *_: None)


def test_records_that_each_fail_once_are_each_tried_again() -> None:
    """D03."""
    recovery = lane(DeadLetterQueue("dead", max_retries=1))

    for _ in range(10):
        assert isinstance(recovery.failed(RECORD, ValueError()), Retry)
        recovery.succeeded()


def test_rolling_failures_use_up_the_attempts_of_all() -> None:
    """D04."""
    recovery = lane(DeadLetterQueue("dead", max_retries=2, independent=False))

    for _ in range(2):
        assert isinstance(recovery.failed(RECORD, ValueError()), Retry)
        recovery.succeeded()
    assert isinstance(recovery.failed(RECORD, ValueError()), DeadLetter)
    assert isinstance(recovery.failed(RECORD, ValueError()), Retry), "a dead letter clears them"


def test_rolling_failures_are_forgotten_behind_a_share_that_went_well() -> None:
    recovery = lane(DeadLetterQueue("dead", max_retries=1, independent=False), max_messages=3)

    recovery.failed(RECORD, ValueError())
    for _ in range(3):
        recovery.succeeded()

    assert recovery.attempt == 0


def test_rolling_failures_are_forgotten_when_all_is_worked_off() -> None:
    recovery = lane(DeadLetterQueue("dead", max_retries=1, independent=False))

    recovery.failed(RECORD, ValueError())
    recovery.succeeded()
    assert recovery.attempt == 1
    recovery.rested()

    assert recovery.attempt == 0
