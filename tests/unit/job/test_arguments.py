"""Arguments to JSON values and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import Job
from samovar.errors import DeserializationError, SerializationError
from samovar.job.arguments import RESERVED, deserialize, serialize
from samovar.job.hashes import IndifferentDict, Symbol
from tests.support.applications import application


class RubySharedJob(Job):
    queue_as = "shared"

    def perform(self, number: UUID) -> None: ...


VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "active_job.json").read_text())
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = (TEXT | TEXT.map(Symbol)).filter(lambda key: key not in RESERVED)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | TEXT.map(Symbol)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(TEXT.filter(lambda k: k not in RESERVED), inner, max_size=3).map(
            IndifferentDict
        )
    ),
    max_leaves=12,
)
WORDS = TEXT.filter(lambda word: word not in RESERVED)


def kinds(value: Any) -> Any:
    """A value with its types: 1 is not 1.0, and a symbol is no text."""
    if isinstance(value, dict):
        return type(value), [(type(k), str(k), kinds(v)) for k, v in value.items()]
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return type(value), repr(value)


@given(st.lists(VALUES, max_size=4), st.dictionaries(WORDS, VALUES, max_size=3))
def test_what_was_passed_comes_back(args: list[Any], kwargs: dict[str, Any]) -> None:
    values = json.loads(json.dumps(serialize(args, kwargs)))

    again = deserialize(values)

    assert kinds(again[0]) == kinds(args)
    assert kinds(again[1]) == kinds(kwargs)


def test_a_dict_tells_which_keys_are_symbols_and_keeps_their_order() -> None:
    (value,) = serialize([{"z": 1, Symbol("m"): {"a": 2}}], {})

    assert list(value.items()) == [
        ("z", 1),
        ("m", {"a": 2, "_aj_symbol_keys": []}),
        ("_aj_symbol_keys", ["m"]),
    ]


def test_keywords_are_the_last_element_with_every_name_listed() -> None:
    assert serialize([1], {"b": 2, "a": None}) == [
        1,
        {"b": 2, "a": None, "_aj_ruby2_keywords": ["b", "a"]},
    ]
    assert serialize([1], {}) == [1]


def test_keywords_are_keywords_only_at_the_end() -> None:
    marked = {"a": 1, "_aj_ruby2_keywords": ["a"]}

    assert deserialize([marked, 2]) == ([{"a": 1}, 2], {})
    assert deserialize([2, marked]) == ([2], {"a": 1})


def test_a_hash_of_symbols_at_the_end_is_positional() -> None:
    args, kwargs = deserialize([{"a": 1, "_aj_symbol_keys": ["a"]}])

    assert (args, kwargs) == ([{"a": 1}], {})
    assert [type(key) for key in args[0]] == [Symbol]


def test_keywords_that_ruby_marked_only_in_part_are_keywords_all_the_same() -> None:
    assert deserialize([{"a": 1, "b": 2, "_aj_ruby2_keywords": ["a"]}]) == ([], {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("hash_", "value"),
    [
        ({"a": 1, "_aj_ruby2_keywords": None}, {"a": 1}),
        (
            {"a": 1, "_aj_symbol_keys": [], "_aj_ruby2_keywords": ["a"]},
            {"a": 1, "_aj_ruby2_keywords": ["a"]},
        ),
        (
            {"a": 1, "_aj_hash_with_indifferent_access": True, "_aj_ruby2_keywords": ["a"]},
            {"a": 1, "_aj_ruby2_keywords": ["a"]},
        ),
    ],
)
def test_keywords_are_no_keywords_when_another_mark_says_so(
    hash_: dict[str, Any], value: dict[str, Any]
) -> None:
    assert deserialize([hash_]) == ([value], {})


def test_a_hash_of_many_symbols_keeps_them_all() -> None:
    names = {Symbol(f"key{n}"): n for n in range(30)} | {"text": 30}

    ((value,), _) = deserialize(serialize([names], {}))

    assert kinds(value) == kinds(names)


def test_a_hash_without_marker_has_text_keys() -> None:
    (value,), _ = deserialize([{"a": 1}])

    assert [type(key) for key in value] == [str]


@pytest.mark.parametrize("key", sorted(RESERVED))
@pytest.mark.parametrize("kind", [str, Symbol])
def test_reserved_keys_are_refused_everywhere(key: str, kind: type[str]) -> None:
    for args, kwargs in ([{kind(key): 1}], {}), ([[{"a": {kind(key): 1}}]], {}), ([], {key: 1}):
        with pytest.raises(SerializationError, match=f"reserved key '{key}'"):
            serialize(args, kwargs)


@pytest.mark.parametrize("key", [1, None, 2.5, ("a",), b"a"])
def test_keys_that_are_no_text_are_refused(key: object) -> None:
    with pytest.raises(SerializationError, match="Only string and symbol hash keys"):
        serialize([{key: 1}], {})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_floats_without_json_form_are_refused(number: float) -> None:
    with pytest.raises(SerializationError, match=r"arguments\[0\]\[1\] is .*no JSON form"):
        serialize([[0, number]], {})


@pytest.mark.parametrize("value", [object(), bytearray(b"bytes"), 1j, lambda: 0, int])
def test_types_without_a_form_are_refused_by_name(value: object) -> None:
    with pytest.raises(SerializationError, match=type(value).__qualname__):
        serialize([value], {})


@pytest.mark.parametrize(
    "values",
    [
        {},
        "text",
        5,
        [{"_aj_serialized": "Os::System", "value": "ls"}],
        [{"_aj_serialized": None}],
        [{"_aj_globalid": "gid://app/Nothing/1"}],
        [{"_aj_serialized": "ActiveJob::Serializers::SymbolSerializer"}],
        [{"a": 1, "_aj_symbol_keys": 5}],
        [{"a": 1, "_aj_symbol_keys": "abc"}],
        [{"a": 1, "_aj_symbol_keys": [[]] * 9}],
    ],
)
def test_what_cannot_be_rebuilt_is_a_deserialization_error(values: Any) -> None:
    with pytest.raises(DeserializationError, match="Error while trying to deserialize") as caught:
        deserialize(values)

    assert caught.value.__cause__ is not None


NATIVE = [
    vector
    for vector in VECTORS["vectors"]
    if vector["kind"] == "arguments"
    and not any(tag in json.dumps(vector["payload"]) for tag in ("_aj_serialized", "_aj_globalid"))
]


@pytest.mark.parametrize("vector", NATIVE, ids=lambda vector: vector["id"])
def test_what_rails_wrote_is_written_the_same_again(vector: dict[str, Any]) -> None:
    values = vector["payload"]["arguments"]

    again = serialize(*deserialize(values))

    assert json.dumps(again) == json.dumps(values)


def test_a_queue_that_ruby_shares_refuses_what_ruby_cannot_read() -> None:
    with application(queue_adapter="inline", ruby_queues=["shared"]):
        job = RubySharedJob(UUID(int=1))

        with pytest.raises(SerializationError, match="shared"):
            job.serialize()
        assert job.set(queue="mine").serialize()["queue_name"] == "mine"
