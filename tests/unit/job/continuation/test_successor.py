"""What comes after a cursor."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.errors import UnadvanceableCursorError
from samovar.job.continuation.successor import successor
from samovar.types import RubyDateTime, Symbol

LETTERS_AND_DIGITS = string.ascii_letters + string.digits


class Page:
    def __init__(self, number: int) -> None:
        self.number = number

    def successor(self) -> Page:
        return Page(self.number + 10)


@pytest.mark.parametrize(
    ("cursor", "following"),
    [
        ("a", "b"),
        ("az", "ba"),
        ("a9", "b0"),
        ("Zz", "AAa"),
        ("zz99", "aaa00"),
        ("9", "10"),
        ("az9Z", "ba0A"),
        (-1, 0),
        (2**70, 2**70 + 1),
        (date(2024, 2, 28), date(2024, 2, 29)),
        (RubyDateTime(2026, 1, 31, 7, tzinfo=UTC), RubyDateTime(2026, 2, 1, 7, tzinfo=UTC)),
    ],
)
def test_it_is_that_of_ruby(cursor: Any, following: Any) -> None:
    assert successor(cursor) == following
    assert type(successor(cursor)) is type(following)


def test_a_symbol_is_followed_by_a_symbol() -> None:
    assert successor(Symbol("az")) == Symbol("ba")
    assert type(successor(Symbol("az"))) is Symbol


def test_a_users_own_cursor_says_what_follows() -> None:
    assert successor(Page(1)).number == 11


@pytest.mark.parametrize(
    "cursor",
    [
        None,
        1.1,
        True,
        [],
        {},
        (),
        "",
        " ",
        "a-b",
        "ä",
        b"a",
        date.max,
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
)
def test_all_else_has_none(cursor: Any) -> None:
    with pytest.raises(UnadvanceableCursorError):
        successor(cursor)


@given(st.text(LETTERS_AND_DIGITS, min_size=1))
def test_texts_grow_like_numbers(text: str) -> None:
    following = successor(text)

    assert (len(following), following) > (len(text), text)
    assert len(following) - len(text) in (0, 1)
    if len(following) == len(text):
        kinds = [(c.isdigit(), c.isupper()) for c in text]
        assert [(c.isdigit(), c.isupper()) for c in following] == kinds


@given(st.integers(0, 10**6))
def test_digits_count(number: int) -> None:
    assert successor(str(number)) == str(number + 1)
