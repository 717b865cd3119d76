"""A str is its own text wherever it goes, whatever its class makes of `str()`."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from samovar import Attributes, Job, attribute, register_model
from samovar.job.arguments import deserialize, serialize
from samovar.job.job_data import dumps, loads
from samovar.types import Symbol
from tests.support.applications import Recording, application


class Key(str, Enum):  # noqa: UP042 -- a StrEnum's str() is its value
    A = "a"


class Shouting(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "AAA!"


class TextRecord:
    def __init__(self, id: str) -> None:
        self.id = id


register_model(TextRecord, find=TextRecord)


@pytest.mark.parametrize("key", [Key.A, Shouting("a"), Symbol("a")])
def test_a_key_or_a_keyword_is_its_text(key: Any) -> None:
    written = loads(dumps({"arguments": serialize([{key: 1}], {key: 2})}))["arguments"]

    assert deserialize(written) == ([{"a": 1}], {"a": 2})


def test_a_keyword_may_be_a_symbol(recording: Recording) -> None:
    class SymbolKeywordJob(Job):
        def perform(self, **options: Any) -> dict[str, Any]:
            return options

    SymbolKeywordJob.perform_later(**{Symbol("page"): 1})

    assert Job.execute(loads(dumps(recording.requests[-1].data))) == {"page": 1}


@pytest.mark.parametrize("text", [Key.A, Shouting("a")])
def test_so_is_an_attribute_and_an_id(text: str) -> None:
    class TextAttributeJob(Attributes, Job):
        word: str = attribute()

        def perform(self) -> None: ...

    job = TextAttributeJob()
    job.word = text
    with application(queue_adapter="inline"):
        assert job.serialize()["attributes"]["word"] == "a"
        assert serialize([TextRecord(text)], {}) == [{"_aj_globalid": "gid://samovar/TextRecord/a"}]


@pytest.mark.parametrize("text", [Key.A, Shouting("a")])
def test_so_is_the_name_of_a_queue_or_a_job(text: str) -> None:
    with application(queue_adapter="inline", queue_name_prefix="shop"):

        class TextQueueJob(Job):
            queue_as = text
            job_name = Shouting("TextQueueJob")

            def perform(self) -> None: ...

        data = loads(dumps(TextQueueJob().serialize()))

    assert (data["job_class"], data["queue_name"]) == ("TextQueueJob", "shop_a")


@pytest.mark.parametrize("name", ["cls", "self", "job", "args", "kwargs", "function", "data"])
def test_a_keyword_may_have_any_name(recording: Recording, name: str) -> None:
    class AnyKeywordJob(Job):
        def perform(self, /, *args: Any, **options: Any) -> dict[str, Any]:
            return options

    AnyKeywordJob.perform_later(**{name: 1})
    AnyKeywordJob.set(queue="q").perform_later(**{name: 1})
    AnyKeywordJob(**{name: 1}).enqueue()
    AnyKeywordJob.perform_bulk([{"keyword_arguments": {name: 1}}])

    for request in recording.requests:
        assert Job.execute(loads(dumps(request.data))) == {name: 1}
    assert len(recording.requests) == 4
    assert AnyKeywordJob.perform_now(**{name: 1}) == {name: 1}
