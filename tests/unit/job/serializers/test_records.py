"""Records: their global id travels, and the worker looks them up."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import samovar
from samovar.errors import (
    ArgumentError,
    DeserializationError,
    RecordNotFoundError,
    SerializationError,
)
from samovar.job.arguments import deserialize, serialize
from tests.support.applications import application


@dataclass
class Ticket:
    id: Any


@dataclass
class SpecialTicket(Ticket):
    pass


@dataclass
class Seat:
    row: int
    name: str


class Gone(Exception):
    pass


def find_ticket(ticket_id: str) -> Ticket | None:
    if ticket_id == "500":
        raise ConnectionError("the database is down")
    if ticket_id == "410":
        raise Gone("torn up")
    return None if ticket_id == "404" else Ticket(ticket_id)


@pytest.fixture(autouse=True)
def _models() -> Iterator[None]:
    samovar.register_model(Ticket, name="Fair::Ticket", find=find_ticket, missing=Gone)
    samovar.register_model(
        Seat, find=lambda id: Seat(int(id[0]), id[1]), id=lambda seat: (seat.row, seat.name)
    )
    with application(queue_adapter="inline", global_id_app="fair"):
        yield


def form(uri: Any) -> dict[str, Any]:
    return {"_aj_globalid": uri}


def read(*uris: Any) -> list[Any]:
    return deserialize([form(uri) for uri in uris])[0]


def test_a_record_is_its_global_id() -> None:
    assert serialize([Ticket(7)], {"of": [Ticket("x")]}) == [
        form("gid://fair/Fair::Ticket/7"),
        {"of": [form("gid://fair/Fair::Ticket/x")], "_aj_ruby2_keywords": ["of"]},
    ]


def test_a_subclass_travels_as_the_registered_class() -> None:
    assert serialize([SpecialTicket(7)], {}) == [form("gid://fair/Fair::Ticket/7")]


def test_ids_are_escaped_as_in_a_form() -> None:
    assert serialize([Ticket("ab/c d~é")], {}) == [form("gid://fair/Fair::Ticket/ab%2Fc+d~%C3%A9")]
    assert read("gid://fair/Fair::Ticket/ab%2Fc+d~%C3%A9") == [Ticket("ab/c d~é")]


def test_a_composite_id_is_a_tuple() -> None:
    assert serialize([Seat(4, "a/b")], {}) == [form("gid://fair/Seat/4/a%2Fb")]
    assert read("gid://fair/Seat/4/a%2Fb") == [Seat(4, "a/b")]


@pytest.mark.parametrize("uri", ["gid://other/Fair::Ticket/7", "gid://FAIR/Fair::Ticket/7?a=b"])
def test_the_application_and_parameters_do_not_matter(uri: str) -> None:
    assert read(uri) == [Ticket("7")]


def test_another_application_may_have_its_own_model_of_that_name() -> None:
    @dataclass
    class CinemaTicket:
        id: str

    samovar.register_model(CinemaTicket, name="Fair::Ticket", app="Cinema", find=CinemaTicket)

    assert read("gid://cinema/Fair::Ticket/1") == [CinemaTicket("1")]
    assert serialize([CinemaTicket("1")], {}) == [form("gid://Cinema/Fair::Ticket/1")]


@pytest.mark.parametrize("record_id", [None, "", (1, None), ()])
def test_an_unsaved_record_is_refused(record_id: Any) -> None:
    with pytest.raises(SerializationError, match=r"Unable to serialize .*Ticket without an id"):
        serialize([Ticket(record_id)], {})


@pytest.mark.parametrize(
    "uri", ["nonsense", "gid://", "gid://a/B", "gid://a/B/", "http://a/B/1", 5]
)
def test_what_is_no_global_id_reads_as_none(uri: Any) -> None:
    assert read(uri) == [None]


def test_a_global_id_in_a_string_stays_a_string() -> None:
    assert deserialize(["gid://fair/Fair::Ticket/7"])[0] == ["gid://fair/Fair::Ticket/7"]


def test_with_another_key_it_is_a_dict() -> None:
    value = {**form("gid://fair/Fair::Ticket/7"), "x": 1}

    assert deserialize([value])[0] == [value]


@pytest.mark.parametrize("number", ["404", "410"])
def test_a_record_that_is_gone_is_told_once_and_with_its_cause(number: str) -> None:
    with pytest.raises(DeserializationError.RecordNotFound) as caught:
        deserialize([[{"a": form(f"gid://fair/Fair::Ticket/{number}"), "_aj_symbol_keys": []}]])

    assert type(caught.value) is RecordNotFoundError
    assert str(caught.value).count("Error while trying to deserialize") == 1
    assert not isinstance(caught.value.__cause__, DeserializationError)
    assert isinstance(caught.value.__cause__, Gone if number == "410" else LookupError)


@pytest.mark.parametrize(
    ("uri", "cause"),
    [("gid://fair/Fair::Ticket/500", ConnectionError), ("gid://fair/Unknown/1", LookupError)],
)
def test_any_other_failure_is_a_plain_deserialization_error(
    uri: str, cause: type[Exception]
) -> None:
    with pytest.raises(DeserializationError) as caught:
        read(uri)

    assert type(caught.value) is DeserializationError
    assert isinstance(caught.value.__cause__, cause)


class TestObjectsThatKnowTheirGlobalId:
    class Method:
        def to_global_id(self) -> str:
            return "gid://fair/Fair::Ticket/8"

    class Attribute:
        __global_id__ = "gid://fair/Fair::Ticket/9"

    class Wrong:
        __global_id__ = "8"

    def test_they_need_no_registration(self) -> None:
        assert serialize([self.Method(), self.Attribute()], {}) == [
            form("gid://fair/Fair::Ticket/8"),
            form("gid://fair/Fair::Ticket/9"),
        ]

    def test_what_is_no_global_id_is_refused(self) -> None:
        with pytest.raises(SerializationError, match="global id is '8'; expected gid://app"):
            serialize([self.Wrong()], {})

    @pytest.mark.parametrize("metaclass", [type, ABCMeta])
    def test_their_class_is_no_record(self, metaclass: Any) -> None:
        with pytest.raises(SerializationError, match="is the class"):
            serialize([metaclass("Class", (self.Method,), {})], {})


@pytest.mark.parametrize(
    "options",
    [{"find": 5}, {"find": find_ticket, "name": "a/b"}, {"find": find_ticket, "name": ""}],
)
def test_what_is_of_no_use_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="register_model"):
        samovar.register_model(Ticket, **options)


def test_two_classes_cannot_be_one_model() -> None:
    with pytest.raises(ArgumentError, match=r"Ticket is 'Fair::Ticket' already"):
        samovar.register_model(Seat, name="Fair::Ticket", find=find_ticket)
