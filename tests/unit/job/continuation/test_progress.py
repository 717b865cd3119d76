"""A continuation's progress on the wire."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.errors import SerializationError
from samovar.job.continuation import progress

CURSORS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.dates()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
)


@given(completed=st.lists(st.text()), current=st.none() | st.tuples(st.text(), CURSORS))
def test_it_comes_back_as_it_was(completed: list[str], current: tuple[str, Any] | None) -> None:
    written = progress.write(completed, current)

    assert progress.read(json.loads(json.dumps(written))) == (completed, current)


def test_it_has_the_form_of_active_job() -> None:
    assert progress.write([], None) == {"completed": []}
    assert progress.write(["a"], ("b", None)) == {"completed": ["a"], "current": ["b", None]}
    assert progress.write([], ("b", date(2026, 2, 1)))["current"] == [
        "b",
        {"_aj_serialized": "ActiveJob::Serializers::DateSerializer", "value": "2026-02-01"},
    ]


def test_a_hash_that_ruby_marked_as_keywords_is_a_cursor_all_the_same() -> None:
    hash_of_keywords = {"page": 1, "_aj_ruby2_keywords": ["page"]}

    assert progress.read({"current": ["b", hash_of_keywords]}) == ([], ("b", {"page": 1}))


def test_a_cursor_that_cannot_travel_is_told() -> None:
    with pytest.raises(SerializationError):
        progress.write([], ("b", object()))
