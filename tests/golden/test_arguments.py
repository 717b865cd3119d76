"""Arguments, odd payloads and refusals, against what real Active Job wrote and did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest

from samovar import DeserializationError, Job, SamovarError, payload
from samovar.errors import ArgumentError, PayloadError, UnknownJobClassError
from samovar.job import arguments
from tests.support.applications import application
from tests.support.meaning import meaning_of, value_of

VECTORS = json.loads((Path(__file__).parent / "active_job.json").read_text())["vectors"]
#: Where Python does on purpose what Ruby does not, and what it does.
KNOWN_DIFFERENCES = {"load-module-unknown": "a class that is not known reads as RubyConstant"}


class GoldenEchoJob(Job):
    """Takes whatever it is given; stands in for the EchoJob of the vectors."""

    given: ClassVar[list[tuple[tuple[Any, ...], dict[str, Any]]]] = []

    def perform(self, *args: Any, **kwargs: Any) -> None:
        self.given.append((args, kwargs))


class GoldenOneArgumentJob(Job):
    def perform(self, only: Any) -> None:
        pass


OURS = {"EchoJob": "GoldenEchoJob", "OneArg": "GoldenOneArgumentJob"}


@pytest.fixture(autouse=True)
def _application() -> Iterator[None]:
    GoldenEchoJob.given.clear()
    with application(queue_adapter="inline"):
        yield


def of_kind(kind: str) -> list[Any]:
    vectors = [vector for vector in VECTORS if vector["kind"] == kind]
    return [pytest.param(vector, id=vector["id"]) for vector in vectors]


@pytest.mark.parametrize("vector", of_kind("arguments"))
def test_the_same_meaning_is_written_the_same(vector: dict[str, Any]) -> None:
    args = [value_of(meaning) for meaning in vector["expected"]["args"]]
    kwargs = {name: value_of(meaning) for name, meaning in vector["expected"]["kwargs"].items()}

    written = arguments.serialize(args, kwargs)

    # As text: 1 differs from 1.0 and from true there, and the order of keys counts.
    assert json.dumps(written) == json.dumps(vector["payload"]["arguments"])


@pytest.mark.parametrize("vector", of_kind("arguments"))
def test_what_rails_wrote_reads_as_it_was_meant(vector: dict[str, Any]) -> None:
    data = payload.loads(json.dumps(vector["payload"]).encode())

    args, kwargs = arguments.deserialize(data["arguments"])

    assert [meaning_of(value) for value in args] == vector["expected"]["args"]
    assert {name: meaning_of(value) for name, value in kwargs.items()} == (
        vector["expected"]["kwargs"]
    )


@pytest.mark.parametrize("vector", of_kind("arguments"))
def test_what_was_read_is_written_the_same_again(vector: dict[str, Any]) -> None:
    values = vector["payload"]["arguments"]

    assert json.dumps(arguments.serialize(*arguments.deserialize(values))) == json.dumps(values)


@pytest.mark.parametrize("vector", of_kind("load"))
def test_an_odd_payload_is_performed_as_rails_does(vector: dict[str, Any]) -> None:
    if vector["id"] in KNOWN_DIFFERENCES:
        pytest.skip(KNOWN_DIFFERENCES[vector["id"]])
    expected = vector["expected"]
    data = dict(vector["payload"])
    data["job_class"] = OURS.get(data["job_class"], data["job_class"])
    if "job" not in expected:
        with pytest.raises((UnknownJobClassError, PayloadError, ArgumentError)):
            Job.deserialize(data)
        return

    job = Job.deserialize(data)
    check_attributes(job, expected["job"])
    if "error" in expected:
        with pytest.raises(python_error(expected["error"])):
            job.perform_now()
        return
    job.perform_now()

    ((args, kwargs),) = GoldenEchoJob.given
    assert [meaning_of(value) for value in args] == expected["args"]
    assert {name: meaning_of(value) for name, value in kwargs.items()} == expected["kwargs"]
    assert job.executions == expected["executions_after"]


def check_attributes(job: Job, expected: dict[str, Any]) -> None:
    names = ["job_id", "provider_job_id", "queue_name", "priority", "locale", "timezone"]
    assert [getattr(job, name) for name in names] == [expected[name] for name in names]
    assert job.executions == (expected["executions"] or 0)
    assert job.exception_executions == expected["exception_executions"]


def python_error(error: dict[str, Any]) -> type[BaseException]:
    if error["class"] == "ActiveJob::DeserializationError":
        return DeserializationError
    return TypeError if "wrong number of arguments" in error["message"] else ArgumentError


@pytest.mark.parametrize("key", ["_aj_globalid", "_aj_symbol_keys", "_aj_ruby2_keywords"])
def test_the_vectors_hold_the_refusals_of_reserved_keys(key: str) -> None:
    told = [v["error"]["message"] for v in VECTORS if v["kind"] == "serialize_error"]

    assert any(key in message for message in told)


#: What stands in Python for the arguments of each refused call.
REFUSED: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "bad-object-nested": ([1, [object()]], {}),
    "bad-int-key": ([{1: 2}], {}),
    "bad-nil-key": ([{None: 2}], {}),
    "bad-int-key-deep": ([{"a": [{2: 3}]}], {}),
    "bad-reserved-globalid": ([{"_aj_globalid": 1}], {}),
    "bad-reserved-symbol-keys": ([{"_aj_symbol_keys": 1}], {}),
    "bad-reserved-kw": ([{"_aj_ruby2_keywords": 1}], {}),
    "bad-reserved-hwia": ([{"_aj_hash_with_indifferent_access": True}], {}),
    "bad-reserved-as-kwarg": ([], {"_aj_serialized": 1}),
    "bad-set": ([{1}], {}),
    "bad-struct": ([type("Unregistered", (), {})()], {}),
    "bad-gid-object": ([object()], {}),
    "bad-rational": ([Fraction(1, 3)], {}),
    "bad-complex": ([1 + 2j], {}),
    "bad-regexp": ([re.compile("x")], {}),
    "bad-proc": ([lambda: 1], {}),
}


@pytest.mark.parametrize("vector", of_kind("serialize_error"))
def test_what_rails_refuses_is_refused(vector: dict[str, Any]) -> None:
    args, kwargs = REFUSED[vector["id"]]

    with (
        application(queue_adapter="inline", ruby_queues=["*"]),
        pytest.raises(SamovarError) as told,
    ):
        GoldenEchoJob.perform_later(*args, **kwargs)

    assert type(told.value).__name__ == vector["error"]["class"].removeprefix("ActiveJob::")
    assert GoldenEchoJob.given == []
