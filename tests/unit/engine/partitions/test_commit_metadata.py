"""What one owner of a partition leaves for the next: a text beside the position."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import METADATA_BYTES
from samovar.engine.partitions.commit_metadata import Note
from samovar.engine.partitions.lane_coordinator import MOST_UNDERWAY
from samovar.engine.partitions.underway import Run


@st.composite
def runs(draw: st.DrawFn, most: int = 50) -> tuple[Run, ...]:
    end, made = 0, list[Run]()
    for gap, more in draw(
        st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), max_size=most)
    ):
        made.append((end + gap, end + gap + more))
        end += gap + more + 1
    return tuple(made)


@given(runs())
def test_a_note_comes_back_as_it_was(finished: tuple[Run, ...]) -> None:
    assert Note.decode(Note(finished=finished).encode()) == Note(finished=finished)


@given(st.dictionaries(st.integers(0, 2**62), st.integers(0, 100)), st.booleans())
def test_so_do_counts_and_a_word_of_order(begun: dict[int, int], is_clean: bool) -> None:
    note = Note(begun=begun, is_clean=is_clean)
    assert Note.decode(note.encode()) == note


def test_an_empty_note_is_an_empty_text() -> None:
    assert Note().encode() == ""
    assert Note.decode("") == Note()


@pytest.mark.parametrize(
    "text",
    [
        "somebody else's",
        "samovar/2 f=AAAA",
        "samovar/1 f=!",
        "samovar/1 f=AA",
        "samovar/1 d=5",
        "samovar/1 d=5:x",
        "samovar/1 d=1:2:3 c=1",
        "samovar/1 c=yes",
        "\0",
        "{}",
    ],
)
def test_a_text_that_is_none_of_ours_says_nothing(text: str) -> None:
    assert Note.decode(text) == Note()


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    Note.decode(text)
    Note.decode(f"samovar/1 f={text}")
    Note.decode(f"samovar/1 d={text}")


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert Note.decode("samovar/1 x f=AQI z=1") == Note(finished=((1, 3),))


def test_as_many_runs_as_may_arise_fit() -> None:
    # Every second record is finished, at an offset that many records have gone before.
    long = tuple((10**9 + n * 20_000, 10**9 + n * 20_000 + 10_000) for n in range(MOST_UNDERWAY))
    text = Note(finished=long).encode()

    assert len(text) <= METADATA_BYTES
    assert Note.decode(text).finished == long


def test_of_what_does_not_fit_the_lowest_is_kept() -> None:
    far = tuple((n * 2**40, n * 2**40 + 1) for n in range(1, 3000))
    text = Note(finished=far).encode()
    kept = Note.decode(text).finished

    assert len(text) <= METADATA_BYTES
    assert 100 < len(kept) < 3000
    assert kept == far[: len(kept)]
