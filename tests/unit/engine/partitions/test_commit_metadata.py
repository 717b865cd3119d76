"""What one owner of a partition leaves for the next: a text beside the position."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.port import METADATA_BYTES
from samovar.engine.partitions.commit_metadata import CommitMetadata
from samovar.engine.partitions.lane_coordinator import MAX_UNDERWAY
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
    assert CommitMetadata.decode(CommitMetadata(finished=finished).encode()) == CommitMetadata(
        finished=finished
    )


@given(st.dictionaries(st.integers(0, 2**62), st.integers(0, 100)), st.booleans())
def test_so_do_counts_and_a_word_of_order(begun: dict[int, int], is_clean: bool) -> None:
    note = CommitMetadata(begun=begun, is_clean=is_clean)
    assert CommitMetadata.decode(note.encode()) == note


def test_an_empty_note_is_an_empty_text() -> None:
    assert CommitMetadata().encode() == ""
    assert CommitMetadata.decode("") == CommitMetadata()


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
    assert CommitMetadata.decode(text) == CommitMetadata()


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    CommitMetadata.decode(text)
    CommitMetadata.decode(f"samovar/1 f={text}")
    CommitMetadata.decode(f"samovar/1 d={text}")


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert CommitMetadata.decode("samovar/1 x f=AQI z=1") == CommitMetadata(finished=((1, 3),))


def test_as_many_runs_as_may_arise_fit() -> None:
    # Every second record is finished, at an offset that many records have gone before.
    long = tuple((10**9 + n * 20_000, 10**9 + n * 20_000 + 10_000) for n in range(MAX_UNDERWAY))
    text = CommitMetadata(finished=long).encode()

    assert len(text) <= METADATA_BYTES
    assert CommitMetadata.decode(text).finished == long


def test_of_what_does_not_fit_the_lowest_is_kept() -> None:
    far = tuple((n * 2**40, n * 2**40 + 1) for n in range(1, 3000))
    text = CommitMetadata(finished=far).encode()
    kept = CommitMetadata.decode(text).finished

    assert len(text) <= METADATA_BYTES
    assert 100 < len(kept) < 3000
    assert kept == far[: len(kept)]
