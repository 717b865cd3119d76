"""Decimals, ranges, classes, indifferent dicts: what Ruby has under another name."""

from __future__ import annotations

import collections
import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import Job, register_class
from samovar.errors import ArgumentError, DeserializationError, SerializationError
from samovar.job import classes
from samovar.job.arguments import deserialize, serialize
from samovar.types import IndifferentDict, Range, RubyConstant, Symbol

RUBY = "ActiveJob::Serializers::"


def again(value: Any) -> Any:
    return deserialize(serialize([value], {}))[0][0]


class TestDecimals:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("5", "5.0"),
            ("5.00", "5.0"),
            ("123.450", "123.45"),
            ("-0", "-0.0"),
            ("1E+5", "100000.0"),
            ("1E-5", "0.00001"),
            ("NaN", "NaN"),
            ("sNaN12", "NaN"),
            ("Infinity", "Infinity"),
            ("-Infinity", "-Infinity"),
            ("1" * 60 + "." + "2" * 60, "1" * 60 + "." + "2" * 60),
        ],
    )
    def test_they_are_plain_digits_with_one_after_the_point(self, value: str, text: str) -> None:
        assert serialize([Decimal(value)], {}) == [
            {"_aj_serialized": RUBY + "BigDecimalSerializer", "value": text}
        ]

    @pytest.mark.parametrize(("text", "value"), [("0.15e1", "1.5"), ("5E+1", "50"), ("7", "7")])
    def test_other_ways_to_write_them_are_read(self, text: str, value: str) -> None:
        form = {"_aj_serialized": RUBY + "BigDecimalSerializer", "value": text}

        assert deserialize([form])[0] == [Decimal(value)]

    def test_one_that_would_fill_pages_is_refused(self) -> None:
        with pytest.raises(SerializationError, match="more digits than a job should carry"):
            serialize([Decimal("1E+999999")], {})

    @given(st.decimals(allow_nan=False, min_value=-(10**30), max_value=10**30))
    def test_they_are_exact(self, value: Decimal) -> None:
        assert again(value) == value


class TestRanges:
    def test_their_ends_are_arguments_too(self) -> None:
        value = Range(date(2026, 1, 1), None)

        assert again(value) == value
        assert serialize([value], {})[0]["begin"]["_aj_serialized"] == RUBY + "DateSerializer"

    def test_pythons_range_excludes_its_end_and_equals_what_comes_back(self) -> None:
        assert again(range(1, 5)) == range(1, 5) == Range(1, 5, exclude_end=True)
        assert hash(Range(1, 5, exclude_end=True)) == hash(range(1, 5))
        assert Range(1, 5) != range(1, 5)
        assert Range(1, 5) != range(1, 6)
        assert Range(1, 5, exclude_end=True) != range(1, 5, 2)

    def test_a_range_with_steps_is_refused(self) -> None:
        with pytest.raises(SerializationError, match=r"arguments\[0\] goes in steps of 2"):
            serialize([range(1, 5, 2)], {})

    def test_one_can_look_into_them_and_count_through_integers(self) -> None:
        assert list(Range(1, 3)) == [1, 2, 3]
        assert list(Range(1, 3, exclude_end=True)) == [1, 2]
        assert 3 in Range(None, 3)
        assert 3 not in Range(None, 3, exclude_end=True)
        assert 0 not in Range(1, None)
        with pytest.raises(TypeError, match="ends are no integers"):
            list(Range(0.5, 1.5))

    @given(st.integers(-50, 50), st.integers(-50, 50), st.booleans())
    def test_from_one_whole_number_to_another_they_are_as_pythons(
        self, begin: int, end: int, exclude_end: bool
    ) -> None:
        value, same = Range(begin, end, exclude_end), range(begin, end + (not exclude_end))

        assert (list(value), len(value), bool(value)) == (list(same), len(same), bool(same))
        assert [n in value for n in range(-52, 53)] == [n in same for n in range(-52, 53)]

    @pytest.mark.parametrize(
        "value", [Range(1, None), Range(None, 1), Range(0.5, 1.5), Range("a", "c"), Range(True, 3)]
    )
    def test_all_others_hold_values_but_have_no_length(self, value: Range) -> None:
        for ask in (len, iter, list):
            with pytest.raises(TypeError, match="ends are no integers"):
                ask(value)
        assert value

    def test_whatever_compares_may_lie_in_them(self) -> None:
        assert date(2026, 1, 31) in Range(date(2026, 1, 1), date(2026, 2, 1))
        assert "b" in Range("a", "c")
        with pytest.raises(TypeError, match=r"'b' does not compare with the ends of Range"):
            assert "b" in Range(1, 3)

    def test_an_end_without_a_form_is_named(self) -> None:
        with pytest.raises(SerializationError, match=r"arguments\[0\]\['end'\] is of"):
            serialize([Range(1, object())], {})

    @pytest.mark.parametrize("exclude_end", [None, 1, "true"])
    def test_whether_the_end_is_excluded_must_be_said(self, exclude_end: Any) -> None:
        form = {"_aj_serialized": RUBY + "RangeSerializer", "begin": 1, "end": 2}

        with pytest.raises(DeserializationError, match="exclude_end"):
            deserialize([{**form, "exclude_end": exclude_end}])


class Invoice:
    pass


class RubyTypesJob(Job):
    job_name = "Billing::RubyTypesJob"


class TestClasses:
    def test_a_registered_class_travels_under_its_name(self) -> None:
        register_class(Invoice, "Billing::Invoice")

        assert serialize([Invoice], {}) == [
            {"_aj_serialized": RUBY + "ModuleSerializer", "value": "Billing::Invoice"}
        ]
        assert again(Invoice) is Invoice

    def test_a_job_class_travels_under_its_job_name(self) -> None:
        assert serialize([RubyTypesJob], {})[0]["value"] == "Billing::RubyTypesJob"
        assert again(RubyTypesJob) is RubyTypesJob

    def test_a_class_without_a_name_is_refused(self) -> None:
        with pytest.raises(SerializationError, match=r"is the class .*Nameless.*register_class"):
            serialize([type("Nameless", (), {})], {})

    def test_a_name_that_no_class_bears_travels_on_as_it_is(self) -> None:
        assert again(RubyConstant("Not::There")) == RubyConstant("Not::There")

    def test_a_payload_never_imports(self) -> None:
        form = {"_aj_serialized": RUBY + "ModuleSerializer", "value": "subprocess.Popen"}

        assert deserialize([form])[0] == [RubyConstant("subprocess.Popen")]

    def test_a_class_without_a_name_is_called_by_its_own(self) -> None:
        assert classes.wire_name(KeyError) == "KeyError"
        assert classes.wire_name(register_class(enum.EnumMeta, "Enum::Meta")) == "Enum::Meta"

    def test_two_classes_cannot_share_a_name(self) -> None:
        register_class(Invoice, "Billing::Invoice")

        with pytest.raises(ArgumentError, match=r"Invoice is 'Billing::Invoice' already"):
            register_class(type("OtherInvoice", (), {}), "Billing::Invoice")

    def test_the_same_definition_made_again_replaces(self) -> None:
        first = type("ReloadedInvoice", (), {})
        second = register_class(type("ReloadedInvoice", (), {}))
        register_class(first)
        register_class(second)

        assert again(second) is second
        assert classes.registered_name(first) is None

    @pytest.mark.parametrize(("cls", "name"), [("text", None), (Invoice, " ")])
    def test_what_is_no_class_or_no_name_is_refused(self, cls: Any, name: Any) -> None:
        with pytest.raises(ArgumentError, match="register_class"):
            register_class(cls, name)


class TestIndifferentDicts:
    def test_what_is_put_into_one_becomes_one(self) -> None:
        value = IndifferentDict({Symbol("a"): {"b": [{"c": 1}]}}, d={"e": 2})
        value |= {"f": {}}
        value.setdefault("g", {})

        assert type(value["a"]) is type(value["a"]["b"][0]) is type(value["d"]) is IndifferentDict
        assert type(value["f"]) is type(value["g"]) is IndifferentDict
        assert [type(key) for key in value] == [str] * 4
        assert value == {"a": {"b": [{"c": 1}]}, "d": {"e": 2}, "f": {}, "g": {}}

    def test_hashes_in_one_from_ruby_are_indifferent_with_or_without_a_mark(self) -> None:
        form = {"a": {"b": 1}, "c": [{"d": 2}], "_aj_hash_with_indifferent_access": True}

        ((value,), _) = deserialize([form])

        assert type(value["a"]) is type(value["c"][0]) is IndifferentDict

    def test_the_indifferent_mark_wins_over_that_of_symbols(self) -> None:
        form = {"a": 1, "_aj_symbol_keys": ["a"], "_aj_hash_with_indifferent_access": True}

        ((value,), _) = deserialize([form])

        assert (type(value), value) == (IndifferentDict, {"a": 1, "_aj_symbol_keys": ["a"]})

    def test_a_mark_that_says_no_is_none(self) -> None:
        ((value,), _) = deserialize([{"a": 1, "_aj_hash_with_indifferent_access": False}])

        assert (type(value), value) == (dict, {"a": 1})


class Label(str):
    pass


class FrozenTime(datetime):
    pass


def test_subclasses_travel_as_the_nearest_type_that_has_a_form() -> None:
    values = [Label("x"), collections.OrderedDict(a=1), collections.defaultdict(int, b=2)]
    moment = FrozenTime(2026, 1, 1, tzinfo=UTC)

    assert [(type(value), value) for value in map(again, values)] == [
        (str, "x"),
        (dict, {"a": 1}),
        (dict, {"b": 2}),
    ]
    assert (type(again(moment)), again(moment)) == (datetime, moment)


@pytest.mark.parametrize("value", [type("Count", (int,), {})(1), type("Ratio", (float,), {})(1)])
def test_subclasses_of_numbers_are_refused(value: Any) -> None:
    with pytest.raises(SerializationError, match="Unsupported argument type"):
        serialize([value], {})


def test_relativedeltas_travel_by_their_parts() -> None:
    relativedelta = pytest.importorskip("dateutil.relativedelta").relativedelta

    assert dict(again(relativedelta(months=1, days=2)).parts) == {"months": 1, "days": 2}
    with pytest.raises(SerializationError, match="names a date of its own"):
        serialize([relativedelta(day=1)], {})
