"""Pydantic models as arguments: registered ones come back whole, others are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel

from samovar.contrib.pydantic import register_pydantic
from samovar.errors import ArgumentError, DeserializationError, SerializationError
from samovar.job.arguments import deserialize, serialize


class PydanticLine(BaseModel):
    price: Decimal
    tags: set[str] = set()


@register_pydantic
class PydanticOrder(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    at: datetime
    lines: list[PydanticLine] = Field(validation_alias="rows", serialization_alias="Lines")
    note: str | None = None


@register_pydantic(name="Shop::Numbers")
class PydanticNumbers(RootModel[list[int]]):
    pass


class PydanticLarger(PydanticOrder):
    more: int = 1


def again(value: Any) -> Any:
    return deserialize(serialize([value], {}))[0][0]


def test_a_registered_model_comes_back_with_what_is_in_it() -> None:
    order = PydanticOrder(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=[PydanticLine(price=Decimal("1.10"), tags={"a"})],  # type: ignore[call-arg]
        extra="kept",  # type: ignore[call-arg]
    )

    assert again(order) == order
    assert again({"deep": [PydanticNumbers([1, 2])]}) == {"deep": [PydanticNumbers([1, 2])]}


def test_its_name_is_that_of_a_serializer() -> None:
    assert serialize([PydanticNumbers([1])], {}) == [
        {"_aj_serialized": "Shop::Numbers", "model": [1]}
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (PydanticLine(price=Decimal(1)), "PydanticLine"),
        (PydanticLarger(at=datetime(2026, 1, 1, tzinfo=UTC), rows=[]), "only a subclass"),  # type: ignore[call-arg]
    ],
)
def test_a_model_that_was_not_registered_is_refused(value: Any, words: str) -> None:
    with pytest.raises(SerializationError, match=words):
        serialize([value], {})


def test_what_no_longer_fits_is_a_deserialization_error() -> None:
    form = {"_aj_serialized": "PydanticOrderSerializer", "model": {"note": 5}}
    with pytest.raises(DeserializationError, match="PydanticOrder"):
        deserialize([form])


def test_a_class_that_would_lose_something_is_refused() -> None:
    class PydanticSecret(BaseModel):
        secret: str = Field(exclude=True)

    with pytest.raises(ArgumentError, match=r"PydanticSecret\.secret"):
        register_pydantic(PydanticSecret)
    with pytest.raises(ArgumentError, match="no Pydantic model"):
        register_pydantic(int)  # type: ignore[type-var]


def test_two_models_cannot_have_one_name() -> None:
    with pytest.raises(ArgumentError, match="PydanticNumbers travels as 'Shop::Numbers' already"):
        register_pydantic(PydanticLine, name="Shop::Numbers")


def test_a_reloaded_module_registers_its_models_again() -> None:
    def define() -> type[BaseModel]:
        @register_pydantic
        class PydanticReloaded(BaseModel):
            x: int

        return PydanticReloaded

    define()
    newest = define()

    assert type(again(newest(x=1))) is newest
