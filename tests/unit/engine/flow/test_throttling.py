"""So many jobs within so much time, and no more."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import Record
from samovar.engine.flow.stages import ADMIT, Hold
from samovar.engine.flow.throttling import Throttling


def test_the_window_slides() -> None:
    throttling = Throttling(limit=2, interval=10)

    answers = [throttling.admit(Record(1, b""), now, 0) for now in (0, 4, 5, 9.9, 10, 13, 14)]

    assert answers == [ADMIT, ADMIT, Hold(10), Hold(10), ADMIT, Hold(14), ADMIT]


def test_a_retry_is_not_counted() -> None:
    throttling = Throttling(limit=1, interval=10)

    assert throttling.admit(Record(1, b""), 0, 0) == ADMIT
    assert throttling.admit(Record(1, b""), 1, 1) == ADMIT
    assert throttling.admit(Record(2, b""), 10, 0) == ADMIT


def test_a_record_behind_failures_that_add_up_is_counted() -> None:
    throttling = Throttling(limit=1, interval=10)

    assert throttling.admit(Record(1, b""), 0, 0) == ADMIT
    assert throttling.admit(Record(2, b""), 1, 1) == Hold(10)


def test_a_clock_that_is_set_back_holds_nothing_for_long() -> None:
    throttling = Throttling(limit=1, interval=10)
    throttling.admit(Record(1, b""), 10_000, 0)

    assert throttling.admit(Record(2, b""), 5_000, 0) == ADMIT
    assert throttling.admit(Record(3, b""), 5_001, 0) == Hold(5_010)


@given(
    limit=st.integers(1, 5),
    interval=st.integers(1, 20),
    steps=st.lists(st.integers(0, 8), max_size=80),
)
def test_no_interval_ever_sees_more_than_the_limit(
    limit: int, interval: int, steps: list[int]
) -> None:
    throttling = Throttling(limit=limit, interval=interval)
    now, admitted = 0, list[int]()
    for step in steps:
        now += step
        answer = throttling.admit(Record(1, b""), now, 0)
        if answer == ADMIT:
            admitted.append(now)
        else:
            assert isinstance(answer, Hold)
            assert now < answer.until <= now + interval

    for position, moment in enumerate(admitted):
        assert bisect_left(admitted, moment + interval) - position <= limit
