"""What stands behind the records and custom values of the golden vectors, registered on import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import samovar


@dataclass(frozen=True)
class Person:
    """Number 404 is gone; looking for number 500 breaks down."""

    id: str


@dataclass(frozen=True)
class Order:
    id: str


@dataclass(frozen=True)
class Money:
    amount: Any
    currency: str


class Cart:
    """Travels as a class."""


class Storage:
    """Finds records of one model."""

    def __init__(self, model: type) -> None:
        self._model = model

    def find(self, record_id: str) -> Any:
        if record_id == "500":
            raise ConnectionError("the database is down")
        return None if record_id == "404" else self._model(record_id)


@samovar.serializer("MoneySerializer", Money)
class MoneySerializer:
    def serialize(self, value: Money) -> dict[str, Any]:
        return {"amount": value.amount, "currency": value.currency}

    def deserialize(self, data: dict[str, Any]) -> Money:
        return Money(data["amount"], data["currency"])


samovar.register_model(Person, find=Storage(Person).find)
samovar.register_model(Order, name="Shop::Order", find=Storage(Order).find)
samovar.register_class(Cart, "Shop::Cart")
samovar.register_class(Order, "Shop::Order")
samovar.register_class(Person)
