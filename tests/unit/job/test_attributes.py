"""Attributes of jobs, apart from what the acceptance list says of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest

from samovar import (
    ArgumentError,
    Attributes,
    Continuable,
    DeserializationError,
    Job,
    SerializationError,
    attribute,
    retry_on,
)
from tests.support.applications import Recording

pytestmark = pytest.mark.usefixtures("recording")


class AttributedJob(Attributes, Job):
    text: str | None = attribute()
    whole: Annotated[int, "counted"] = attribute()
    real: float | None = attribute()
    exact: Decimal | None = attribute()
    flag: bool | None = attribute()
    day: date | None = attribute()
    moment: datetime | None = attribute()
    untyped = attribute()
    told = attribute(int, default="7")
    either: int | str = attribute(default="x")

    def perform(self) -> dict[str, Any]:
        return dict(self.attributes)


class Tracked:
    """Users may mix attributes in, too."""

    seen: int = attribute(default=0)


class AttributedMixedJob(Tracked, Attributes, Job):
    def perform(self) -> None: ...


class AttributedHeirJob(AttributedMixedJob):
    seen: int = attribute(default=5)
    more: list[str] = attribute(default_factory=list)


class AttributedShadowingJob(AttributedMixedJob):
    seen = 9


@retry_on(DeserializationError, wait=0)
class AttributedCarefulJob(Attributes, Job):
    whole: int = attribute(default=0)

    def perform(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("text", 1.5, "1.5"),
        ("text", True, "t"),
        ("text", date(2026, 1, 2), "2026-01-02"),
        ("whole", "12", 12),
        ("whole", 12.9, 12),
        ("whole", True, 1),
        ("whole", " ", None),
        ("real", "1e3", 1000.0),
        ("real", Decimal("1.5"), 1.5),
        ("exact", 1.1, Decimal("1.1")),
        ("exact", "1.10", Decimal("1.10")),
        ("flag", "off", False),
        ("flag", "TRUE", True),
        ("flag", 0, False),
        ("flag", "", None),
        ("day", "2026-02-03", date(2026, 2, 3)),
        ("day", "2026-02-03T04:05:06Z", date(2026, 2, 3)),
        ("day", datetime(2026, 2, 3, 4, tzinfo=UTC), date(2026, 2, 3)),
        ("moment", "2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("moment", date(2026, 2, 3), datetime(2026, 2, 3, tzinfo=UTC)),
        ("untyped", "12", "12"),
        ("told", "12", 12),
        ("either", 12, 12),
        ("whole", None, None),
    ],
)
def test_a_value_is_cast_to_the_type(name: str, given: Any, expected: Any) -> None:
    job = AttributedJob()

    setattr(job, name, given)

    assert getattr(job, name) == expected
    assert type(getattr(job, name)) is type(expected)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("text", ["a"]),
        ("whole", "1.5"),
        ("whole", float("inf")),
        ("whole", []),
        ("real", "x"),
        ("exact", "x"),
        ("flag", "perhaps"),
        ("day", "tomorrow"),
        ("day", 5),
        ("moment", "noon"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, given: Any) -> None:
    job = AttributedJob()

    with pytest.raises(ArgumentError, match=rf"AttributedJob\.{name} cannot be"):
        setattr(job, name, given)


def test_a_default_is_cast_and_is_each_jobs_own() -> None:
    assert AttributedJob().told == 7
    one, other = AttributedHeirJob(), AttributedHeirJob()

    one.more.append("x")

    assert other.more == []
    assert one.serialize()["attributes"] == {"seen": 5, "more": ["x"], "_aj_symbol_keys": []}


def test_they_are_mixed_in_and_inherited() -> None:
    assert AttributedMixedJob().seen == 0
    assert AttributedHeirJob().seen == 5
    assert AttributedMixedJob.seen is Tracked.seen


def test_a_plain_value_of_a_subclass_replaces_one() -> None:
    assert AttributedShadowingJob().serialize()["attributes"] == {"_aj_symbol_keys": []}


def test_what_was_never_read_goes_on_as_it_came() -> None:
    stored = {"whole": "x", "long_gone": 1, "_aj_symbol_keys": []}

    job = Job.deserialize({**AttributedCarefulJob().serialize(), "attributes": stored})

    assert job.serialize()["attributes"] == stored


def test_what_does_not_fit_fails_the_run_and_reaches_handlers(recording: Recording) -> None:
    data = {**AttributedCarefulJob().serialize(), "attributes": {"whole": "x"}}

    result = Job.deserialize(data).perform_now()

    assert isinstance(result, DeserializationError)
    assert recording.requests[-1].data["attributes"] == {"whole": "x"}
    with pytest.raises(DeserializationError, match="expected an object"):
        Job.deserialize({**data, "attributes": [1]}).attributes  # type: ignore[attr-defined]  # noqa: B018


def test_a_value_that_cannot_travel_is_told_when_it_should() -> None:
    job = AttributedJob()
    job.untyped = object()

    with pytest.raises(SerializationError):
        job.serialize()


def test_a_plain_job_class_is_told_what_it_lacks() -> None:
    with pytest.raises((ArgumentError, RuntimeError)) as raised:

        class AttributedWithoutJob(Job):
            pages: int = attribute()

    assert "inherit samovar.Attributes" in str(raised.value.__cause__ or raised.value)


def test_a_jobs_own_names_are_taken() -> None:
    for name in ("priority", "job_id", "continuation"):
        with pytest.raises(ArgumentError, match=name):
            type("AttributedGreedyJob", (Continuable, Job), {name: attribute()})


def test_a_shared_default_is_refused() -> None:
    with pytest.raises(ArgumentError, match="default_factory=list"):
        attribute(default=[])


def test_a_type_that_is_not_to_be_found_is_told() -> None:
    with pytest.raises((ArgumentError, RuntimeError)) as raised:

        class AttributedLostJob(Attributes, Job):
            pages: Nowhere = attribute()  # type: ignore[name-defined] # noqa: F821

    assert "pass it: attribute" in str(raised.value.__cause__ or raised.value)
