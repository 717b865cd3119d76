"""The failures of one lane: how they are counted, and when they are forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from samovar import Consumer, events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.failing.recovery import Recovery
from samovar.engine.flow.decisions import DeadLetter, Drop, Retry
from samovar.engine.routing.recovery import DeadLetterQueue
from samovar.engine.routing.topic import Topic
from samovar.errors import UnknownJobClassError
from samovar.job.outcome import Failed, Poison

SOURCE = TopicPartition("orders", 0)
RECORD = Record(1, b"1")


@pytest.fixture
def told() -> Iterator[list[events.Event]]:
    told: list[events.Event] = []
    hear = events.subscribe(re.compile(r"^(job\.failed|dead_letter\.)"))(lambda e: told.append(e))
    yield told
    events.unsubscribe(hear)


def lane(queue: DeadLetterQueue, max_messages: int = 100) -> Recovery:
    topic = Topic(name="orders", dead_letter_queue=queue, max_messages=max_messages)
    return Recovery(source=SOURCE, topic=topic, dispatch_dead=lambda *_: None)


def test_records_that_each_fail_once_are_each_tried_again() -> None:
    """D03."""
    recovery = lane(DeadLetterQueue("dead", max_retries=1))

    for _ in range(10):
        assert isinstance(recovery.failed(RECORD, Failed(ValueError())), Retry)
        recovery.succeeded()


def test_rolling_failures_use_up_the_attempts_of_all() -> None:
    """D04."""
    recovery = lane(DeadLetterQueue("dead", max_retries=2, independent=False))

    for _ in range(2):
        assert isinstance(recovery.failed(RECORD, Failed(ValueError())), Retry)
        recovery.succeeded()
    assert isinstance(recovery.failed(RECORD, Failed(ValueError())), DeadLetter)
    assert isinstance(recovery.failed(RECORD, Failed(ValueError())), Retry), (
        "a dead letter clears them"
    )


def test_rolling_failures_are_forgotten_behind_a_share_that_went_well() -> None:
    recovery = lane(DeadLetterQueue("dead", max_retries=1, independent=False), max_messages=3)

    recovery.failed(RECORD, Failed(ValueError()))
    for _ in range(3):
        recovery.succeeded()

    assert recovery.attempt == 0


def test_rolling_failures_are_forgotten_when_all_is_worked_off() -> None:
    recovery = lane(DeadLetterQueue("dead", max_retries=1, independent=False))

    recovery.failed(RECORD, Failed(ValueError()))
    recovery.succeeded()
    assert recovery.attempt == 1
    recovery.rested()

    assert recovery.attempt == 0


def test_a_strategy_sees_the_errors_since_the_last_success_and_the_attempt() -> None:
    """D09."""
    seen: list[tuple[list[str], int]] = []

    def strategy(errors: Sequence[BaseException], attempt: int) -> Any:
        seen.append(([str(error) for error in errors], attempt))
        return "dispatch" if len(errors) == 3 else "retry"

    recovery = lane(DeadLetterQueue("dead", max_retries=0, strategy=strategy))
    recovery.failed(RECORD, Failed(ValueError("0")))
    recovery.succeeded()
    decisions = [recovery.failed(RECORD, Failed(ValueError(str(n)))) for n in (1, 2, 3)]

    assert [type(decision) for decision in decisions] == [Retry, Retry, DeadLetter]
    assert seen[1:] == [(["1"], 1), (["1", "2"], 2), (["1", "2", "3"], 3)]


def test_a_strategy_sees_no_more_than_a_hundred_errors() -> None:
    lengths: list[int] = []

    def strategy(errors: Sequence[BaseException], attempt: int) -> Any:
        lengths.append(len(errors))
        return "retry"

    recovery = lane(DeadLetterQueue("dead", strategy=strategy))
    for _ in range(150):
        recovery.failed(RECORD, Failed(ValueError()))

    assert lengths[-1] == 100


def test_a_strategy_is_told_why_a_record_is_no_job() -> None:
    seen: list[BaseException] = []

    def strategy(errors: Sequence[BaseException], attempt: int) -> Any:
        seen.extend(errors)
        return "skip"

    cause = UnknownJobClassError("who?")

    recovery = lane(DeadLetterQueue("dead", strategy=strategy))
    assert recovery.failed(RECORD, Poison(cause)) == Drop()
    assert seen == [cause]


@pytest.mark.parametrize(
    "answer",
    ["later", None, ("dispatch",), ("dispatch", ""), ("dispatch", "no such/"), ValueError("x")],
)
def test_a_strategy_that_fails_is_told_and_the_job_is_tried_again(
    answer: Any, told: list[events.Event]
) -> None:
    def strategy(errors: Sequence[BaseException], attempt: int) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    decision = lane(DeadLetterQueue("dead", strategy=strategy)).failed(RECORD, Failed(KeyError()))

    assert isinstance(decision, Retry)
    assert [event.name for event in told] == ["dead_letter.hook_failed", "job.failed"]
    assert (told[0].payload["hook"], told[0].payload["offset"]) == ("strategy", 1)


def test_a_failure_is_told_with_its_error_and_where_its_record_lies(
    told: list[events.Event],
) -> None:
    """C08."""
    error = ValueError("boom")

    lane(DeadLetterQueue("dead", max_retries=0)).failed(RECORD, Failed(error))
    lane(DeadLetterQueue(False, max_retries=0)).failed(RECORD, Failed(error))
    lane(DeadLetterQueue("dead")).failed(RECORD, Failed(error))

    names = [event.name for event in told]
    assert names == ["dead_letter.dispatched", "dead_letter.dropped", "job.failed"]
    for event in told:
        assert (event.payload["source"], event.payload["offset"]) == (SOURCE, 1)
        assert event.payload["error"] is error
    assert told[0].payload["topic"] == "dead"


def test_a_message_of_a_plain_topic_is_not_blamed_for_being_no_job(
    told: list[events.Event],
) -> None:
    plain = Topic(name="orders", consumer=Consumer)
    recovery = Recovery(source=SOURCE, topic=plain, dispatch_dead=lambda *_: None)

    recovery.failed(RECORD, Failed(ValueError()))

    assert [event.payload["job"] for event in told] == ["A message"]
