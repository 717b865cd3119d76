"""Which dead jobs are handled, as a commit remembers it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import Commit
from samovar.engine.failing import handled as done
from samovar.engine.failing.handled import Done

offsets = st.frozensets(st.integers(0, 300) | st.integers(0, 2**60), max_size=40)


@given(st.integers(0, 100), offsets)
def test_what_is_done_is_read_as_it_was_written(position: int, beyond: frozenset[int]) -> None:
    before = Done(position, frozenset(offset for offset in beyond if offset >= position))

    assert done.read(before.commit()) == before


@given(offsets, offsets)
def test_what_is_done_stays_done(first: frozenset[int], second: frozenset[int]) -> None:
    everything = first | second
    first_open = next(n for n in range(len(everything) + 1) if n not in everything)

    after = Done().plus(first, first_open=0).plus(second, first_open=first_open)

    assert all(offset in after for offset in everything)
    assert first_open not in after
    assert after.position == first_open


def test_runs_are_told_by_their_distance_and_length() -> None:
    assert Done(5, frozenset({7, 8, 9, 30})).commit() == Commit(5, "d1:2+3,14")


def test_a_position_alone_needs_no_text() -> None:
    assert Done(5).commit() == Commit(5, "")


@pytest.mark.parametrize("text", ["", "somebody else's", "d9:1", "d1:x", "d1:", "d1:1+,2"])
def test_a_text_that_is_none_of_ours_tells_nothing(text: str) -> None:
    assert done.read(Commit(5, text)).position == 5
    assert 4 in done.read(Commit(5, text))


def test_no_commit_is_nothing_done() -> None:
    assert done.read(None) == Done()


def test_a_text_may_become_too_long() -> None:
    assert Done(0, frozenset(range(1, 10_000))).fits
    assert not Done(0, frozenset(range(1, 10_000, 2))).fits
