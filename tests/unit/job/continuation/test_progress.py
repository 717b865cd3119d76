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
from samovar.job.continuation.step import Step

CURSORS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.dates()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
)


def step_at(name: str, cursor: Any) -> Step:
    return Step(name, cursor, resumed=False, checkpoint=lambda: None)


@given(completed=st.lists(st.text()), name=st.text(), cursor=CURSORS)
def test_it_comes_back_as_it_was(completed: list[str], name: str, cursor: Any) -> None:
    written = {"completed": completed, "current": step_at(name, cursor).to_wire()}

    assert progress.read(json.loads(json.dumps(written))) == (completed, (name, cursor))


def test_it_has_the_form_of_active_job() -> None:
    assert step_at("b", None).to_wire() == ["b", None]
    assert step_at("b", date(2026, 2, 1)).to_wire() == [
        "b",
        {"_aj_serialized": "ActiveJob::Serializers::DateSerializer", "value": "2026-02-01"},
    ]


def test_a_hash_that_ruby_marked_as_keywords_is_a_cursor_all_the_same() -> None:
    hash_of_keywords = {"page": 1, "_aj_ruby2_keywords": ["page"]}

    assert progress.read({"current": ["b", hash_of_keywords]}) == ([], ("b", {"page": 1}))


def test_a_cursor_that_cannot_travel_is_told() -> None:
    with pytest.raises(SerializationError):
        step_at("b", object()).to_wire()
