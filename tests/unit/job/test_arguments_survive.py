"""Any supported value survives the trip, and no JSON whatever breaks the reader."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samovar import Job, SamovarError, payload
from samovar.errors import SerializationError
from samovar.job.arguments import RESERVED, serialize
from samovar.types import (
    Duration,
    IndifferentDict,
    Range,
    RubyConstant,
    RubyDateTime,
    Symbol,
    Timestamp,
)
from tests.jobs.ruby_models import Cart, Money, Order, Person
from tests.support.applications import application


class SurvivalJob(Job):
    given: ClassVar[Any] = None

    def perform(self, *args: Any, **kwargs: Any) -> None:
        type(self).given = (list(args), kwargs)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WORDS = TEXT.filter(lambda word: word not in RESERVED)
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ZONES = st.sampled_from(["Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
# Two days from the ends of what a datetime can hold: an offset must not lead beyond them.
AWARE = st.datetimes(
    min_value=datetime(1, 1, 3),
    max_value=datetime(9999, 12, 29),
    timezones=st.just(UTC) | OFFSETS | ZONES.map(ZoneInfo),
    allow_imaginary=False,
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PARTS = st.dictionaries(
    st.sampled_from(["years", "months", "weeks", "days", "hours", "minutes", "seconds"]),
    st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6),
    max_size=3,
)
SCALARS = (
    st.none()
    | st.booleans()
    | NUMBERS
    | TEXT
    | TEXT.map(Symbol)
    | AWARE
    | st.builds(Timestamp.of, AWARE, st.integers(1, 999))
    | st.builds(RubyDateTime.of, AWARE.map(lambda t: t.astimezone(UTC)), st.integers(0, 999))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | PARTS.map(lambda parts: Duration(parts=parts))
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)
    | st.integers().flatmap(lambda n: st.builds(Range, st.just(n), st.integers(), st.booleans()))
    | st.uuids()
    | st.binary(max_size=9)
    | st.sampled_from([Path("a"), Path("/b/c d"), Path("ü")])
    | st.sampled_from([Cart, Person, SurvivalJob, RubyConstant("A::B")])
    | TEXT.filter(lambda text: text not in ("", "404", "500")).map(Person)
    | TEXT.filter(lambda text: text not in ("", "404", "500")).map(Order)
    | st.builds(Money, st.integers(), TEXT)
)
HASHABLE = st.none() | st.integers() | TEXT | st.dates() | st.uuids() | st.binary(max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
        | st.dictionaries(WORDS | WORDS.map(Symbol), inner, max_size=4)
        | st.dictionaries(WORDS, inner, max_size=3).map(IndifferentDict)
        | st.builds(Range, inner, inner, st.booleans())
    ),
    max_leaves=10,
)


def shown(value: Any) -> Any:
    """A value with its types: 1 is not 1.0, a symbol is no text, 3 days are not 72 hours."""
    if isinstance(value, dict):
        return type(value), [(type(k), str(k), shown(v)) for k, v in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [shown(item) for item in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted((shown(item) for item in value), key=repr)
    if isinstance(value, Range):
        return Range, shown(value.begin), shown(value.end), value.exclude_end
    if isinstance(value, datetime):
        zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else value.utcoffset()
        return type(value), Timestamp.of(value).epoch_ns, zone
    if isinstance(value, Duration):
        parts = list(value.parts.items())
        if [unit for unit, _ in parts] == ["days", "seconds"]:
            return "days and seconds", value.total_seconds()
        return Duration, repr(value.value), repr(parts)
    return type(value), value if isinstance(value, Decimal) else repr(value)


@pytest.fixture(autouse=True, scope="module")
def _application() -> Any:
    with application(queue_adapter="inline"):
        yield


@given(st.lists(VALUES, max_size=3), st.dictionaries(WORDS, VALUES, max_size=2))
@example([datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)], {})
def test_whatever_is_enqueued_arrives(args: list[Any], kwargs: dict[str, Any]) -> None:
    raw = payload.dumps(SurvivalJob(*args, **kwargs).serialize())

    Job.execute(payload.loads(raw))

    assert SurvivalJob.given is not None
    assert shown(SurvivalJob.given[0]) == shown(args)
    assert shown(SurvivalJob.given[1]) == shown(kwargs)


@given(VALUES)
def test_the_hash_of_a_job_has_no_types_but_jsons(value: Any) -> None:
    written = serialize([value], {})

    assert shown(json.loads(json.dumps(written))) == shown(written)


@given(VALUES)
def test_what_was_read_is_written_the_same_again(value: Any) -> None:
    data = SurvivalJob(value).serialize()

    job = Job.deserialize(data)

    assert serialize(*job.decode_arguments()) == data["arguments"]


def test_a_circle_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)

    with pytest.raises(SerializationError, match="in a circle"):
        serialize([circle], {})


TAGS = [
    f"{owner}::Serializers::{name}Serializer"
    for owner, names in {
        "ActiveJob": "Symbol Date Time DateTime TimeWithZone Duration Range Module BigDecimal",
        "Samovar": "Tuple Set FrozenSet Bytes UUID Path TimeOfDay Enum Dataclass NamedTuple",
    }.items()
    for name in names.split()
] + ["MoneySerializer", "Unknown"]
FIELDS = [
    *("value", "time_zone", "parts", "begin", "end", "exclude_end", "items", "class", "member"),
    *("flags", "fields", "amount", "currency", "_aj_serialized", "a"),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(
        [
            *("2026-01-02T03:04:05Z", "2026-01-02", "9999-12-31T23:59:59-23:59", "0001-01-01T00Z"),
            *("Europe/Berlin", "Hawaii", "..", "days", "1e999999", "NaN", "Person", "Cart", "AA"),
            *(f"gid://samovar/Person/{number}" for number in (1, 404, 500)),
        ]
    )
)
WILD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*sorted(RESERVED), "a"]), inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
        | st.builds(
            lambda tag, fields: {**fields, "_aj_serialized": tag},
            st.sampled_from(TAGS),
            st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
        )
    ),
    max_leaves=12,
)


@given(st.lists(WILD, max_size=3) | WILD)
def test_any_arguments_are_performed_or_end_in_an_error_of_ours(values: Any) -> None:
    SurvivalJob.given = None

    with contextlib.suppress(SamovarError):
        Job.execute({"job_class": "SurvivalJob", "arguments": values})
        assert SurvivalJob.given is not None


KEYS = [
    *("job_id", "provider_job_id", "queue_name", "priority", "arguments", "executions", "x"),
    *("exception_executions", "locale", "timezone", "enqueued_at", "scheduled_at"),
]


@given(st.dictionaries(st.sampled_from(KEYS), WILD))
def test_any_job_is_performed_or_ends_in_an_error_of_ours(data: dict[str, Any]) -> None:
    with contextlib.suppress(SamovarError):
        Job.execute({**data, "job_class": "SurvivalJob"})


def test_nothing_named_in_a_payload_is_called() -> None:
    for name in ("os.system", "builtins.eval", "subprocess.Popen", "SurvivalJob"):
        for tag in TAGS:
            form = {"_aj_serialized": tag, "class": name, "value": name, "fields": {"x": "y"}}
            with contextlib.suppress(SamovarError):
                Job.execute({"job_class": "SurvivalJob", "arguments": [form]})
                assert type(SurvivalJob.given[0][0]) in (RubyConstant, Symbol, type(Path()), type)
