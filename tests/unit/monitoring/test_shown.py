"""Values as text and as JSON, whatever they are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.monitoring import shown
from samovar.monitoring.options import LogOptions

OPTIONS = LogOptions()


class Order:
    """A record."""

    def __init__(self, number: int) -> None:
        self.number = number

    def to_global_id(self) -> str:
        return f"gid://shop/Order/{self.number}"


class Invoice:
    """A record that knows its id as an attribute."""

    __global_id__ = "gid://shop/Invoice/1"


class Unsaved:
    def to_global_id(self) -> str:
        raise ValueError("not saved yet")

    def __repr__(self) -> str:
        return "<unsaved>"


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


def inspected(*arguments: Any) -> str:
    job = SimpleNamespace(arguments=arguments, keyword_arguments={})
    return shown.inspected(job, OPTIONS)


@pytest.mark.parametrize(
    ("value", "text", "plain"),
    [
        (Order(7), "gid://shop/Order/7", "gid://shop/Order/7"),
        (Invoice(), "gid://shop/Invoice/1", "gid://shop/Invoice/1"),
        ([Order(1), 2], "[gid://shop/Order/1, 2]", ["gid://shop/Order/1", 2]),
        (
            {"of": {"list": [Order(1)]}},
            "{'of': {'list': [gid://shop/Order/1]}}",
            {"of": {"list": ["gid://shop/Order/1"]}},
        ),
        ((Order(1), "x"), "(gid://shop/Order/1, 'x')", ["gid://shop/Order/1", "x"]),
        ("gid://shop/Order/7", "'gid://shop/Order/7'", "gid://shop/Order/7"),
        (Order, repr(Order), str(Order)),
        (Unsaved(), "<unsaved>", "<unsaved>"),
        (Mute(), "<Mute>", "<Mute>"),
        ([Mute()], "<list>", ["<Mute>"]),
        (float("nan"), "nan", "nan"),
        (Decimal("1.10"), "Decimal('1.10')", "1.10"),
        (date(2026, 1, 2), "datetime.date(2026, 1, 2)", "2026-01-02"),
        ({1: True, None: 1.5}, "{1: True, None: 1.5}", {"1": True, "None": 1.5}),
    ],
)
def test_how_a_value_is_shown(value: Any, text: str, plain: Any) -> None:
    assert inspected(value) == text
    assert shown.plain(value, OPTIONS) == plain


def test_values_are_separated_by_commas_and_keywords_come_last() -> None:
    job = SimpleNamespace(arguments=[1, "a"], keyword_arguments={"order": Order(7)})

    assert shown.inspected(job, OPTIONS) == "1, 'a', {'order': gid://shop/Order/7}"


def test_the_application_says_which_values_are_records() -> None:
    options = LogOptions(global_id=lambda value: f"gid://shop/Unsaved/{id(value)}")
    row = Unsaved()
    job = SimpleNamespace(arguments=[{"row": [row]}, Order], keyword_arguments={})

    assert shown.inspected(job, options) == f"{{'row': [gid://shop/Unsaved/{id(row)}]}}, {Order!r}"
    assert shown.plain((row,), options) == [f"gid://shop/Unsaved/{id(row)}"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
    | st.builds(Order, st.integers())
    | st.builds(Unsaved)
    | st.builds(Mute),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.frozensets(st.integers())
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_can_be_told(value: Any) -> None:
    plain = shown.plain(value, OPTIONS)

    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert isinstance(inspected(value), str)


@pytest.mark.parametrize(
    ("adapter", "name"),
    [(SimpleNamespace(name="inline"), "inline"), (SimpleNamespace(name=None), "SimpleNamespace")],
)
def test_an_adapter_goes_by_its_name_or_its_class(adapter: Any, name: str) -> None:
    assert shown.adapter_name(adapter) == name


def test_times_are_written_as_in_payloads() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)

    assert shown.moment(moment) == "2026-01-02T03:04:05.600000000Z"
    assert shown.moment(None) is None
    assert shown.plain(timedelta(seconds=3), OPTIONS) == "0:00:03"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], ""),
        ([4], "4"),
        ([0, 1, 2, 3], "0-3"),
        ([0, 2, 3, 7], "0, 2-3, 7"),
    ],
)
def test_numbers_that_follow_each_other_are_told_as_one(numbers: list[int], text: str) -> None:
    assert shown.ranges(numbers) == text
