"""The application's own filters."""

from __future__ import annotations

import math
from typing import Any

import pytest

from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.filtering import Filtering
from samovar.engine.flow.stages import Admit, Hold, Skip
from samovar.errors import ArgumentError

SOURCE = TopicPartition("orders", 3)


class Answers:
    """A filter that answers with what it was given, and notes what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[int, float]] = []

    def admit(self, record: Record, now: float) -> Any:
        self.asked.append((record.offset, now))
        return self.answer


@pytest.mark.parametrize("answer", [Admit(), Skip("closed"), Hold(70.0)])
def test_the_filter_decides(answer: object) -> None:
    own = Answers(answer)

    assert Filtering(lambda topic, partition: own, SOURCE).admit(Record(7, b""), 5.0, 0) == answer
    assert own.asked == [(7, 5.0)]


def test_a_partition_has_one_filter_for_as_long_as_it_is_held() -> None:
    made: list[tuple[str, int]] = []

    def factory(topic: str, partition: int) -> Answers:
        made.append((topic, partition))
        return Answers(Admit())

    filtering = Filtering(factory, SOURCE)
    assert made == []
    for offset in range(3):
        filtering.admit(Record(offset, b""), 0.0, 0)

    assert made == [("orders", 3)]


@pytest.mark.parametrize("answer", [None, True, 60, Hold("soon"), Hold(math.nan)])  # type: ignore[arg-type]
def test_an_answer_that_is_none_is_an_error_that_says_what_to_answer(answer: object) -> None:
    filtering = Filtering(lambda topic, partition: Answers(answer), SOURCE)

    with pytest.raises(ArgumentError, match=r"Answers\.admit answered .*; expected Admit\(\)"):
        filtering.admit(Record(1, b""), 0.0, 0)


@pytest.mark.parametrize("until", [5.0, -math.inf])
def test_a_time_that_is_over_does_not_have_the_record_asked_about_without_a_breath(
    until: float,
) -> None:
    filtering = Filtering(lambda topic, partition: Answers(Hold(until)), SOURCE)

    assert filtering.admit(Record(1, b""), 1000.0, 0) == Hold(1000.05)
