"""`app.persist("Current")`: classes of current attributes by their names."""

from __future__ import annotations

from types import new_class
from typing import Any

import pytest

from samovar import ArgumentError, ConfigurationError, CurrentAttributes, Job
from samovar.job import current_attributes
from tests.support.applications import application


@pytest.fixture(autouse=True)
def _nothing_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_attributes, "persisted", [])
    monkeypatch.setattr(current_attributes, "_awaited", {})


def make(name: str) -> Any:
    body = {"__annotations__": {"tenant": str}, "tenant": None, "__module__": f"shop.{name}"}
    return new_class(name, (CurrentAttributes,), exec_body=lambda own: own.update(body))


class NamedAttributesJob(Job):
    def perform(self) -> None: ...


@pytest.mark.parametrize("name", ["EarlyNamed", "shop.EarlyNamed.EarlyNamed"])
def test_a_class_that_is_there_is_found(name: str) -> None:
    cls = make("EarlyNamed")

    current_attributes.persist(name)

    assert current_attributes.persisted == [cls]
    assert current_attributes.awaited() == []


@pytest.mark.parametrize("name", ["LateNamed", "shop.LaterNamed.LaterNamed"])
def test_a_class_may_be_made_later_and_keeps_its_place(name: str) -> None:
    last = make("LastNamed")
    current_attributes.persist(name, last)
    assert current_attributes.awaited() == [name]

    cls = make(name.rpartition(".")[2])

    assert current_attributes.persisted == [cls, last]
    assert current_attributes.awaited() == []
    data: dict[str, Any] = {}
    with cls.set(tenant="acme"):
        current_attributes.carry(data)
    assert data == {"cattr_0": {"tenant": "acme"}}


def test_a_class_that_never_comes_is_a_fault_of_the_application() -> None:
    with application(queue_adapter="test") as app:
        app.persist("NeverMade")
        with pytest.raises(ConfigurationError, match=r"persist\('NeverMade'\): no class of"):
            app.check()


def test_a_name_of_several_classes_has_to_be_given_whole() -> None:
    kept = [make("TwiceNamed")]
    body = {"__module__": "mail"}
    kept.append(new_class("TwiceNamed", (CurrentAttributes,), exec_body=lambda o: o.update(body)))

    with pytest.raises(ArgumentError, match=r"may be mail.TwiceNamed or shop.TwiceNamed"):
        current_attributes.persist("TwiceNamed")
