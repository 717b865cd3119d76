"""Real Active Job, in Ruby, reads the arguments that we write, and we those that it writes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import Job, payload
from samovar.job import arguments
from samovar.job.arguments import RESERVED
from samovar.job.serializers.moments import NO_OFFSET
from samovar.types import (
    Duration,
    IndifferentDict,
    RubyConstant,
    RubyDateTime,
    Symbol,
    Timestamp,
)
from tests.jobs.echo import EchoJob
from tests.jobs.ruby_models import Cart, Money, Order, Person
from tests.support import ruby_process
from tests.support.applications import application
from tests.support.meaning import meaning_of
from tests.support.ruby_process import RubyProcess
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def rails(request: pytest.FixtureRequest) -> Iterator[RubyProcess]:
    if reason := ruby_process.whats_missing():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"Active Job is required here: {reason}", pytrace=False)
        pytest.skip(f"no Active Job: {reason}")
    with RubyProcess() as process:
        yield process


@pytest.fixture(scope="module")
def samples(rails: RubyProcess) -> list[dict[str, Any]]:
    """Jobs that Rails enqueued, with what it meant by their arguments."""
    written: list[dict[str, Any]] = rails.ask(write=True)
    assert len(written) >= 12
    return written


@pytest.fixture(scope="module", autouse=True)
def _application() -> Iterator[None]:
    with application(queue_adapter="inline", ruby_queues=["*"]):
        yield


def meant(args: Any, kwargs: Any) -> dict[str, Any]:
    return {
        "args": [as_rails_6_reads(meaning_of(value)) for value in args],
        "kwargs": {name: as_rails_6_reads(meaning_of(value)) for name, value in kwargs.items()},
    }


def as_rails_6_reads(meaning: Any) -> Any:
    """Before 7.2 a zoned time travels without its zone: the instant, at some offset.

    Ruby's text of a float is another one than Python's.
    """
    if isinstance(meaning, list):
        return [as_rails_6_reads(item) for item in meaning]
    if not isinstance(meaning, dict):
        return meaning
    if meaning.get("t") in ("zoned_time", "time"):
        return {"t": "a time", "epoch_ns": meaning["epoch_ns"]}
    if meaning.get("t") == "float":
        return {"t": "float", "v": float(meaning["v"])}
    return {key: as_rails_6_reads(item) for key, item in meaning.items()}


PARIS = ZoneInfo("Europe/Paris")
CALLS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "plain": ([None, True, False, 2**70, -1, 1.0, 1e20, "", "é\u2028🚀", "\0<&"], {}),
    "symbols": ([Symbol("a"), Symbol(""), Symbol("with space")], {}),
    "hashes": ([{Symbol("a"): 1, "b": {Symbol("c"): [{"d": 2}]}}, {}, []], {}),
    "indifferent": ([IndifferentDict({"a": {"b": [{"c": 1}]}})], {}),
    "keywords": ([1, {Symbol("a"): 2}], {"b": 3, "c": {Symbol("d"): 4}}),
    "dates": ([date(2001, 2, 3), date(1, 1, 1), date(9999, 12, 31)], {}),
    "times": (
        [
            datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
            Timestamp(2001, 2, 3, 4, 5, 6, 7, UTC, nanosecond=8),
            datetime(2001, 2, 3, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            datetime(2001, 2, 3, tzinfo=NO_OFFSET),
        ],
        {},
    ),
    "datetimes": (
        [
            RubyDateTime(2001, 2, 3, tzinfo=UTC),
            RubyDateTime(2001, 2, 3, tzinfo=timezone(timedelta(hours=2)), nanosecond=9),
        ],
        {},
    ),
    "zoned": (
        [
            datetime(2026, 7, 4, 9, 30, tzinfo=PARIS),
            datetime(2025, 10, 26, 2, 30, tzinfo=PARIS, fold=1),
            datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")),
        ],
        {},
    ),
    "durations": (
        [
            *(Duration(months=2, days=3, hours=-4), Duration(hours=1.5), Duration(seconds=0)),
            *(timedelta(days=-1, microseconds=1), timedelta(0)),
        ],
        {},
    ),
    "classes": ([Cart, Order, RubyConstant("Kernel")], {}),
    "records": ([Person("7"), [Order("ab/c d~é*")]], {"who": Person("9")}),
    "custom": ([Money(5, "EUR"), {"price": Money("9.99", "USD")}], {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_rails_is_given_what_we_passed(rails: RubyProcess, name: str) -> None:
    args, kwargs = CALLS[name]
    data = EchoJob(*args, **kwargs).serialize()

    answer = rails.ask(read=data)

    assert "error" not in answer
    assert as_rails_6_reads({"args": answer["args"], "kwargs": answer["kwargs"]}) == meant(
        args, kwargs
    )


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"zoned"}))
def test_rails_writes_it_the_same_again(rails: RubyProcess, name: str) -> None:
    args, kwargs = CALLS[name]
    data = EchoJob(*args, **kwargs).serialize()

    # As text: 1 differs from 1.0 and from true there, and the order of keys counts.
    assert json.dumps(rails.ask(read=data)["again"]) == json.dumps(data["arguments"])


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
KEYS = TEXT.filter(lambda key: key not in RESERVED)
# Ruby writes floats with other exponents; as numbers of JSON they are the same.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | TEXT
    | TEXT.map(Symbol)
    | st.dates()
    | st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))
    # Rails drops a part that is zero, and writes the rest again.
    | st.timedeltas(timedelta(-(10**6)), timedelta(10**6))
    .map(lambda delta: timedelta(delta.days, delta.seconds))
    .filter(lambda delta: delta.days and delta.seconds),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | KEYS.map(Symbol), inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3).map(IndifferentDict)
    ),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=3))
def test_rails_is_given_whatever_we_passed(rails: RubyProcess, args: list[Any]) -> None:
    data = EchoJob(*args).serialize()

    answer = rails.ask(read=data)

    assert "error" not in answer
    assert as_rails_6_reads(answer["args"]) == meant(args, {})["args"]
    assert json.dumps(answer["again"]) == json.dumps(data["arguments"])


def test_rails_says_which_record_is_gone(rails: RubyProcess) -> None:
    error = rails.ask(read=EchoJob(Person("404")).serialize())["error"]

    assert error["class"] == "ActiveJob::DeserializationError"
    assert "nobody is 404" in error["message"]


def test_we_are_given_what_rails_passed(samples: list[dict[str, Any]]) -> None:
    for sample in samples:
        job = Job.deserialize(payload.loads(json.dumps(sample["payload"]).encode()))

        given = meant(job.arguments, job.keyword_arguments)

        assert given == as_rails_6_reads({"args": sample["args"], "kwargs": sample["kwargs"]})


def test_we_write_it_the_same_again(samples: list[dict[str, Any]]) -> None:
    for sample in samples:
        values = sample["payload"]["arguments"]
        if sample["name"] == "zoned":  # without a zone it reads as a time, and is one from then on
            continue

        again = arguments.serialize(*arguments.deserialize(values))

        assert json.dumps(again) == json.dumps(values)


def test_a_worker_performs_what_rails_enqueued(stage: Stage, samples: list[dict[str, Any]]) -> None:
    stage.configure(imports=["tests.jobs.echo"])
    stage.create(partitions=2)
    payloads = [{**sample["payload"], "job_id": sample["name"]} for sample in samples]
    stage.put_raw((n % 2, json.dumps(data).encode()) for n, data in enumerate(payloads))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.notes("given")) >= len(samples))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    given: dict[str, Any] = {}
    for note in stage.journal.notes("given"):
        given |= json.loads(note)
    assert as_rails_6_reads(given) == {
        sample["name"]: as_rails_6_reads({"args": sample["args"], "kwargs": sample["kwargs"]})
        for sample in samples
    }
    assert stage.records("default_dead") == []
