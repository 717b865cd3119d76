"""What may be marked never passes what is not done, and what is done beyond is not forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samovar.engine.partitions.underway import Run, Underway


def runs_of(offsets: set[int]) -> list[Run]:
    runs: list[Run] = []
    for offset in sorted(offsets):
        if runs and runs[-1][1] == offset - 1:
            runs[-1] = (runs[-1][0], offset)
        else:
            runs.append((offset, offset))
    return runs


def within(offset: int, runs: list[Run]) -> bool:
    return any(first <= offset <= last for first, last in runs)


def test_nothing_is_marked_before_something_is_finished() -> None:
    underway = Underway()
    assert underway.marked() is None
    underway.admit(5)
    underway.admit(6)

    assert underway.marked() is None


def test_the_position_is_the_lowest_that_is_not_finished() -> None:
    underway = Underway()
    for offset in (5, 6, 7, 8, 9):
        underway.admit(offset)

    underway.finish(7)
    assert underway.marked() == (5, [(7, 7)])
    underway.finish(9)
    underway.finish(5)
    assert underway.marked() == (6, [(7, 7), (9, 9)])
    underway.finish(6)
    underway.finish(8)
    assert underway.marked() == (10, [])


def test_offsets_that_do_not_exist_hold_nothing_up() -> None:
    underway = Underway()
    for offset in (5, 9, 20):
        underway.admit(offset)

    underway.finish(5)
    underway.finish(9)
    assert underway.marked() == (20, [])


def test_what_an_earlier_owner_finished_is_not_admitted_and_stays_known() -> None:
    underway = Underway()
    underway.recall([(6, 7), (9, 12)])

    assert [underway.admit(offset) for offset in (5, 6, 7, 8)] == [True, False, False, True]
    assert underway.marked() == (5, [(6, 7), (9, 12)])
    underway.finish(5)
    assert underway.marked() == (8, [(9, 12)])
    assert [underway.admit(offset) for offset in (9, 11, 13)] == [False, False, True]
    underway.finish(8)
    assert underway.marked() == (13, [])


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[int], list[list[int]]]:
    """Offsets with gaps, and which of them are finished, in which order, in each life."""
    steps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=40))
    offsets = [sum(steps[: n + 1]) for n in range(len(steps))]
    number = draw(st.integers(1, 4))
    return offsets, [draw(st.permutations(offsets)) for _ in range(number)]


@given(lives(), st.data())
def test_over_several_lives_nothing_is_lost_and_nothing_marked_is_repeated(
    life: tuple[list[int], list[list[int]]], data: st.DataObject
) -> None:
    offsets, orders = life
    position, known, done = 0, list[Run](), set[int]()
    for order in orders:
        underway = Underway()
        underway.recall(known)
        admitted = data.draw(st.integers(0, len(offsets)))
        given_out = {o for o in offsets[:admitted] if o >= position and underway.admit(o)}
        assert not given_out & {o for o in done if o < position or within(o, known)}
        finished = [o for o in order if o in given_out][: data.draw(st.integers(0, len(offsets)))]
        for offset in finished:
            underway.finish(offset)
        done.update(finished)
        if (marked := underway.marked()) is not None:
            position, known = marked
        assert all(o in done for o in offsets if o < position), "nothing is lost"
        assert all(o in done for o in offsets if within(o, known))
        assert all(first >= position for first, _ in known)
        if marked is not None:
            told = {o for o in offsets if o < position or within(o, known)}
            assert done <= told, "whatever is finished is told"
