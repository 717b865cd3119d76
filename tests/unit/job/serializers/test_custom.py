"""Serializers that users write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import samovar
from samovar.errors import ArgumentError, DeserializationError, SerializationError
from samovar.job.arguments import deserialize, serialize
from samovar.types import Symbol
from tests.support.applications import application


class Price:
    def __init__(self, amount: Any, name: str = "EUR") -> None:
        self.amount = amount
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Price) and vars(self) == vars(other)


class SalePrice(Price):
    pass


@samovar.serializer("PriceSerializer", Price)
class PriceSerializer:
    def serialize(self, value: Price) -> dict[str, Any]:
        return {"amount": value.amount, "name": value.name}

    def deserialize(self, data: dict[str, Any]) -> Price:
        return Price(**data)


class Word(str):
    pass


@samovar.serializer("WordSerializer", Word)
class WordSerializer:
    def serialize(self, value: Word) -> dict[str, Any]:
        return {"_aj_serialized": "something else", "text": str(value)}

    def deserialize(self, data: dict[str, Any]) -> Word:
        return Word(data["text"])


def again(value: Any) -> Any:
    return deserialize(serialize([value], {}))[0][0]


def test_what_it_returns_travels_behind_its_name() -> None:
    (written,) = serialize([Price(5)], {})

    assert list(written.items()) == [
        ("_aj_serialized", "PriceSerializer"),
        ("amount", 5),
        ("name", "EUR"),
    ]
    assert again([{"a": Price(5)}]) == [{"a": Price(5)}]


def test_a_subclass_is_written_by_its_parents_serializer() -> None:
    assert type(again(SalePrice(5))) is Price


def test_a_kind_of_string_may_have_a_serializer() -> None:
    assert serialize([Word("x")], {}) == [{"_aj_serialized": "WordSerializer", "text": "x"}]
    assert type(again(Word("x"))) is Word


def test_what_it_returns_is_not_encoded_again() -> None:
    (written,) = serialize([Price({"a": [1, (2.5, Symbol("b"))]})], {})

    assert written["amount"] == {"a": [1, [2.5, "b"]]}
    assert type(written["amount"]["a"][1][1]) is str


def test_a_decimal_in_it_is_text_as_rubys_json_has_it() -> None:
    assert again(Price(Decimal("9.99"))) == Price("9.99")


@pytest.mark.parametrize("amount", [date(2026, 1, 1), float("nan"), {1: 2}, object(), {1}, b"x"])
def test_what_is_no_json_in_it_is_refused(amount: Any) -> None:
    with pytest.raises(SerializationError, match="The serializer 'PriceSerializer' returned"):
        serialize([Price(amount)], {})


def test_ruby_may_have_a_serializer_of_that_name() -> None:
    with application(queue_adapter="inline", ruby_queues=["*"]):
        assert serialize([Price(1)], {}, "shared")


def test_an_error_in_it_is_a_deserialization_error() -> None:
    with pytest.raises(DeserializationError) as caught:
        deserialize([{"_aj_serialized": "PriceSerializer"}])

    assert isinstance(caught.value.__cause__, TypeError)


def test_the_same_one_may_be_declared_again() -> None:
    assert samovar.serializer("PriceSerializer", Price)(PriceSerializer) is PriceSerializer
    instance = PriceSerializer()
    assert samovar.serializer("PriceSerializer", Price)(instance) is instance


class Impostor:
    def serialize(self, value: Any) -> dict[str, Any]:
        return {}

    def deserialize(self, data: Any) -> Any:
        return None


class Halfway:
    def serialize(self, value: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("name", "kind", "decorated", "told"),
    [
        ("PriceSerializer", Word, Impostor, "has that name or that type already"),
        ("ImpostorSerializer", Price, Impostor, "has that name or that type already"),
        ("ActiveJob::Serializers::DateSerializer", Impostor, Impostor, "a built-in one has"),
        ("", Impostor, Impostor, "the name is ''"),
        ("ImpostorSerializer", 5, Impostor, "5 is no type"),
        ("ImpostorSerializer", str, Impostor, "is no type that needs a serializer"),
        ("HalfwaySerializer", Impostor, Halfway, "needs the methods serialize, deserialize"),
    ],
)
def test_what_is_of_no_use_is_refused(name: Any, kind: Any, decorated: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        samovar.serializer(name, kind)(decorated)
