"""What is decided after a job failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow import backoff, dead_letter
from samovar.engine.flow.assembly import recover, refusals
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.flow.decisions import DeadLetter, Decision, Drop, Retry, Stop
from samovar.engine.routing.recovery import DeadLetterQueue, Pause, StrategyAnswer
from samovar.engine.routing.routes import assumed
from samovar.engine.routing.topic import Topic
from samovar.errors import PayloadError
from samovar.job.outcome import Failed, GivenUp, Poison


def failure(record: Record, error: BaseException) -> Failure:
    return Failure(
        source=TopicPartition("orders", 5),
        record=record,
        target="dead",
        attempts=4,
        error=error,
        trace_id="t-1",
    )


FAST = Pause(timeout=1, max_timeout=30)


# C03
def test_waits_double_up_to_their_limit() -> None:
    assert [backoff.wait_seconds(FAST, n) for n in range(1, 7)] == [2, 4, 8, 16, 30, 30]


def test_constant_waits_stay_equal() -> None:
    pause = Pause(timeout=5, exponential=False)

    assert {backoff.wait_seconds(pause, n) for n in range(1, 50)} == {5}


@given(st.integers(1, 10**9))
def test_a_wait_is_finite_however_often_a_job_failed(attempt: int) -> None:
    assert 0 < backoff.wait_seconds(FAST, attempt) <= 30


def test_after_its_retries_a_job_goes_to_the_dead_letter_topic() -> None:
    topic = Topic(name="orders", dead_letter_queue=DeadLetterQueue("dead", max_retries=2))

    decisions = [recover(topic, Failed(ValueError()), attempt) for attempt in (1, 2, 3)]

    assert decisions == [Retry(2.0), Retry(4.0), DeadLetter("dead", after=1.0)]


def test_a_job_whose_own_attempts_are_used_up_is_not_tried_again() -> None:
    assert recover(assumed("orders"), GivenUp(ValueError("last")), 1) == DeadLetter("orders_dead")
    assert recover(Topic(name="orders"), GivenUp(ValueError("last")), 1) == Retry(2.0)


def test_a_drawn_topic_without_dead_letters_retries_for_ever() -> None:
    assert recover(Topic(name="orders"), Failed(ValueError()), 10_000) == Retry(30.0)


def test_a_queue_that_is_not_drawn_gives_up_after_three_retries() -> None:
    topic = assumed("orders")

    assert isinstance(recover(topic, Failed(ValueError()), 3), Retry)
    assert recover(topic, Failed(ValueError()), 4) == DeadLetter("orders_dead", after=1.0)


@pytest.mark.parametrize(
    ("topic", "target"),
    [
        (Topic(name="orders"), "orders_dead"),
        (Topic(name="orders", dead_letter_queue=DeadLetterQueue("dead", max_retries=9)), "dead"),
        (assumed("orders"), "orders_dead"),
    ],
)
def test_what_is_no_job_goes_at_once(topic: Topic, target: str) -> None:
    assert recover(topic, Poison(PayloadError("bad")), 1) == DeadLetter(target)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), MemoryError()])
def test_errors_of_the_process_stop_it_and_are_never_dead_lettered(error: BaseException) -> None:
    topic = Topic(name="orders", dead_letter_queue=DeadLetterQueue("dead", max_retries=0))

    assert recover(topic, Failed(error), 99) == Stop()


@pytest.mark.parametrize("error", [ImportError(), RecursionError(), GeneratorExit()])
def test_unusual_errors_are_retried_like_any_other(error: BaseException) -> None:
    assert recover(Topic(name="orders"), Failed(error), 1) == Retry(2.0)


def with_queue(**settings: Any) -> Topic:
    return Topic(name="orders", dead_letter_queue=DeadLetterQueue(**settings))


def test_a_queue_without_a_topic_tries_for_ever_but_what_is_no_job() -> None:
    topic = with_queue(topic=None, max_retries=0)

    assert recover(topic, Failed(ValueError()), 1000) == Retry(30.0)
    assert recover(topic, GivenUp(ValueError("last")), 1) == Retry(2.0)
    assert recover(topic, Poison(PayloadError("bad")), 1) == DeadLetter("orders_dead")


def test_a_queue_whose_topic_is_false_drops_without_a_copy() -> None:
    """D11."""
    topic = with_queue(topic=False, max_retries=1)

    assert recover(topic, Failed(ValueError()), 1) == Retry(2.0)
    assert recover(topic, Failed(ValueError()), 2) == Drop(after=1.0)
    assert recover(topic, GivenUp(ValueError("last")), 1) == Drop()
    assert recover(topic, Poison(PayloadError("bad")), 1) == Drop()


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ("retry", Retry(30.0)),
        ("dispatch", DeadLetter("dead", after=1.0)),
        ("skip", Drop(after=1.0)),
        (("dispatch", "elsewhere"), DeadLetter("elsewhere", after=1.0)),
    ],
)
def test_a_strategy_is_obeyed_whatever_max_retries_says(
    answer: StrategyAnswer, decision: Decision
) -> None:
    """D09."""
    topic = with_queue(topic="dead", max_retries=0)

    assert recover(topic, Failed(ValueError()), 99, answer) == decision


def test_a_strategy_that_names_no_topic_means_the_one_of_the_queue() -> None:
    topic = with_queue(topic="strategy")

    assert recover(topic, Failed(ValueError()), 1, "dispatch") == DeadLetter(
        "orders_dead", after=1.0
    )


def test_what_is_no_job_is_not_tried_again_whatever_a_strategy_says() -> None:
    assert recover(with_queue(topic="dead"), Poison(PayloadError("bad")), 1, "retry") == DeadLetter(
        "dead"
    )


def test_errors_of_the_process_are_beyond_a_strategy() -> None:
    """C07 D09."""
    assert recover(with_queue(topic="dead"), Failed(SystemExit(1)), 1, "dispatch") == Stop()


def test_a_dead_letter_keeps_what_it_was_and_tells_where() -> None:
    record = Record(7, b"\xff not json", b"key", (("mine", b"1"),), 123)

    copy = dead_letter.copy(failure(record, ValueError("boom")), group="shop", partitions=3)

    assert (copy.topic, copy.value, copy.key, copy.partition) == ("dead", record.value, b"key", 2)
    assert copy.headers == (
        ("mine", b"1"),
        ("source_topic", b"orders"),
        ("source_partition", b"5"),
        ("source_offset", b"7"),
        ("source_consumer_group", b"shop"),
        ("source_attempts", b"4"),
        ("source_trace_id", b"t-1"),
        ("error_class", b"ValueError"),
        ("error_message", b"boom"),
        ("error_traceback", b"  ValueError: boom"),
    )


@pytest.mark.parametrize("lines", [0, 5000])
def test_a_dead_letter_has_the_end_of_the_traceback(lines: int) -> None:
    with pytest.raises(ValueError, match="boom") as raised:
        raise ValueError("line\n" * lines + "boom")

    copy = dead_letter.copy(failure(Record(1, b"x"), raised.value), group="g", partitions=1)

    text = dict(copy.headers)["error_traceback"].decode()
    assert text.endswith("boom")
    assert text.startswith("  Traceback" if lines == 0 else "  ...\n  line\n")
    assert (Path(__file__).name in text) == (lines == 0)
    assert len(text) <= dead_letter.MAX_TRACEBACK + 10


def test_an_error_that_cannot_speak_becomes_a_dead_letter_all_the_same() -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    copy = dead_letter.copy(failure(Record(1, b"x"), SilentError()), group="shop", partitions=1)

    assert ("error_class", b"SilentError") in copy.headers
    assert ("error_message", b"") in copy.headers


@pytest.mark.parametrize(
    "settings", [{"ordering": "none"}, {"share_group": True}, {"assign": (0,)}], ids=str
)
def test_transactional_dead_letters_need_a_position_that_moves_one_by_one(
    settings: dict[str, Any],
) -> None:
    queue = DeadLetterQueue("dead", transactional=True)

    told = "\n".join(refusals(Topic(name="orders", dead_letter_queue=queue, **settings)))

    assert "dead_letter_queue.transactional moves one position" in told
    assert not [*refusals(Topic(name="orders", dead_letter_queue=queue))]
