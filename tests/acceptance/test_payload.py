"""The job's payload; the numbers are those of the acceptance list."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    ArgumentError,
    Job,
    PayloadError,
    UnknownJobClassError,
    discard_on,
    payload,
    use_locale,
    use_timezone,
)
from samovar.job.job_data import EnqueueRequest, Receipt
from samovar.support import clock
from tests.support.applications import Recording

NOW_NS = 1_768_471_496_123_456_789
KEYS = [
    "job_class",
    "job_id",
    "provider_job_id",
    "queue_name",
    "priority",
    "arguments",
    "executions",
    "exception_executions",
    "locale",
    "timezone",
    "enqueued_at",
    "scheduled_at",
]

pytestmark = pytest.mark.usefixtures("recording")


class HashedJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        return (*args, kwargs)


class HashedExtraJob(Job):
    """Adds a key of its own."""

    tenant: str | None = None

    def serialize(self) -> dict[str, Any]:
        return {**super().serialize(), "tenant": self.tenant}

    def restore(self, data: Any) -> None:
        super().restore(data)
        self.tenant = data.get("tenant")

    def perform(self) -> str | None:
        return self.tenant


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ns", lambda: NOW_NS)


def through_json(data: dict[str, Any]) -> dict[str, Any]:
    return payload.loads(payload.dumps(data))


def test_1_a_job_with_defaults_has_twelve_keys_in_order() -> None:
    job = HashedJob()

    data = job.serialize()

    assert list(data) == KEYS
    assert uuid.UUID(data["job_id"]).version == 4
    del data["job_id"], data["enqueued_at"]
    assert data == {
        "job_class": "HashedJob",
        "provider_job_id": None,
        "queue_name": "default",
        "priority": None,
        "arguments": [],
        "executions": 0,
        "exception_executions": {},
        "locale": "en",
        "timezone": None,
        "scheduled_at": None,
    }


@pytest.mark.usefixtures("frozen")
def test_2_enqueued_at_is_utc_with_nine_digits() -> None:
    job = HashedJob()

    assert job.enqueued_at is None
    assert job.serialize()["enqueued_at"] == "2026-01-15T10:04:56.123456789Z"


def test_2_enqueued_at_is_told_anew_by_each_serialize(monkeypatch: pytest.MonkeyPatch) -> None:
    job = HashedJob()
    times = iter([NOW_NS, NOW_NS + 1])
    monkeypatch.setattr(clock, "now_ns", lambda: next(times))

    assert job.serialize()["enqueued_at"] != job.serialize()["enqueued_at"]


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("trip", [dict, through_json], ids=["in memory", "through JSON"])
def test_3_a_payload_survives_the_round_trip(trip: Any) -> None:
    job = HashedJob(1, "two", [3.5, None], {"four": True}, five=5).set(
        wait=90.5, queue="other", priority=3
    )
    data = trip(job.serialize())

    assert Job.deserialize(data).serialize() == data
    read = Job.deserialize(data)
    assert read.arguments == job.arguments
    assert read.keyword_arguments == job.keyword_arguments
    assert read.serialize() == data


names = st.text(max_size=20)
instants = st.integers(0, 4_000_000_000_000_000_000).map(clock.utc_text)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | names,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@given(
    data=st.fixed_dictionaries(
        {
            "job_class": st.just("HashedJob"),
            "job_id": names,
            "provider_job_id": st.none() | names | st.integers(),
            "queue_name": names,
            "priority": st.none() | st.integers(),
            "arguments": st.lists(json_values, max_size=3),
            "executions": st.integers(0, 10**6),
            "exception_executions": st.dictionaries(names, st.integers(0, 10**6), max_size=3),
            "locale": names.filter(bool),
            "timezone": st.sampled_from(["Europe/London", "Hawaii", "UTC"]),
            "enqueued_at": instants,
            "scheduled_at": st.none() | instants,
        }
    )
)
def test_3_any_payload_survives_the_round_trip(data: dict[str, Any]) -> None:
    job = Job.deserialize(data)
    unread = job.serialize()
    assert job.arguments == data["arguments"]
    read = job.serialize()

    for again in (unread, read):
        assert list(again) == KEYS
        again["enqueued_at"] = data["enqueued_at"]
        # As text: 1 differs from 1.0 and from true there.
        assert json.dumps(again, sort_keys=True) == json.dumps(data, sort_keys=True)


def test_3_arguments_that_nobody_read_go_back_as_they_came() -> None:
    odd = [{"_aj_serialized": "Unheard::Of", "value": 1}, {"_aj_globalid": "gid://shop/No/1"}]
    data = {**HashedJob().serialize(), "arguments": odd}

    assert Job.deserialize(data).serialize()["arguments"] == odd


def test_3_a_class_may_add_keys_of_its_own() -> None:
    job = HashedExtraJob()
    job.tenant = "acme"

    data = through_json(job.serialize())

    assert list(data) == [*KEYS, "tenant"]
    assert Job.execute(data) == "acme"


def test_4_a_job_keeps_the_locale_it_was_serialized_in() -> None:
    with use_locale("es"):
        data = HashedJob().serialize()

    job = Job.deserialize(data)

    assert job.locale == "es"
    assert job.serialize()["locale"] == "es"


def test_4_the_locale_is_the_one_of_serialize_the_zone_the_one_of_the_beginning() -> None:
    with use_locale("es"), use_timezone("Hawaii"):
        job = HashedJob()

    data = job.serialize()

    assert (data["locale"], data["timezone"]) == ("en", "Hawaii")


@pytest.mark.parametrize(
    ("data", "locale"),
    [({"locale": "es"}, "es"), ({}, "de"), ({"locale": None}, "de")],
)
def test_5_a_payload_of_nearly_nothing_is_a_job(data: dict[str, Any], locale: str) -> None:
    with use_locale("de"), use_timezone("Hawaii"):
        job = Job.deserialize({"job_class": "HashedJob", **data})

    assert (job.locale, job.timezone) == (locale, "Hawaii")
    assert (job.job_id, job.queue_name, job.priority) == (None, None, None)
    assert job.perform_now() == ({},)
    assert job.executions == 1


@pytest.mark.parametrize("name", ["NoSuchJob", "Not A Name", "os::system", "", None, 5])
def test_6_a_payload_of_an_unknown_class_is_told(name: Any) -> None:
    with pytest.raises(UnknownJobClassError, match="job"):
        Job.execute({**HashedJob().serialize(), "job_class": name})


def test_6_a_payload_without_a_class_is_told() -> None:
    with pytest.raises(UnknownJobClassError):
        Job.deserialize({"arguments": []})


class Numbering(Recording):
    def enqueue(self, request: EnqueueRequest) -> Receipt:
        super().enqueue(request)
        return Receipt(provider_job_id=len(self.requests))


def test_7_the_backends_id_is_on_the_job_and_in_its_next_payload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = Numbering()
    monkeypatch.setattr(HashedJob, "queue_adapter", backend)
    job = HashedJob()

    job.enqueue()
    job.enqueue()

    assert job.provider_job_id == 2
    assert [request.data["provider_job_id"] for request in backend.requests] == [None, 1]


def test_8_the_zone_is_the_one_that_the_job_was_built_in() -> None:
    with use_timezone("Hawaii"):
        job = HashedJob()

    assert job.serialize()["timezone"] == "Hawaii"


def test_9_a_schedule_survives_to_the_nanosecond() -> None:
    moment = datetime(2027, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    data = HashedJob().set(wait_until=moment).serialize()
    fine = {**data, "scheduled_at": "2027-01-01T00:00:00.123456789Z"}

    assert data["scheduled_at"] == "2027-01-01T00:00:00.000000000Z"
    assert Job.deserialize(data).scheduled_at == moment
    assert Job.deserialize(fine).scheduled_at == datetime(2027, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert Job.deserialize(fine).serialize()["scheduled_at"] == fine["scheduled_at"]


def test_9_a_payload_without_times_leaves_those_of_the_job_alone() -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    job = HashedJob().set(wait_until=moment)
    job.enqueued_at = moment

    job.restore({"job_class": "HashedJob"})

    assert (job.scheduled_at, job.enqueued_at) == (moment, moment)


def test_10_times_that_are_parsed_already_are_taken() -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    data = {**HashedJob().serialize(), "scheduled_at": moment, "enqueued_at": moment}

    job = Job.deserialize(data)

    assert (job.scheduled_at, job.enqueued_at) == (moment, moment)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T10:04:56Z", datetime(2026, 1, 15, 10, 4, 56, tzinfo=UTC)),
        ("2026-01-15T11:04:56.5+01:00", datetime(2026, 1, 15, 10, 4, 56, 500000, tzinfo=UTC)),
        (
            "2026-01-15T10:04:56.123456789123Z",
            datetime(2026, 1, 15, 10, 4, 56, 123456, tzinfo=UTC),
        ),
    ],
)
def test_times_of_older_senders_are_read(text: str, moment: datetime) -> None:
    data = {**HashedJob().serialize(), "scheduled_at": text, "enqueued_at": text}

    job = Job.deserialize(data)

    assert (job.scheduled_at, job.enqueued_at) == (moment, moment)


@pytest.mark.parametrize("digits", range(10))
def test_any_number_of_fraction_digits_is_the_same_instant(digits: int) -> None:
    fraction = "123456789"[:digits]
    text = f"2026-01-15T10:04:56{'.' if digits else ''}{fraction}"
    data = {**HashedJob().serialize(), "scheduled_at": f"{text}Z"}
    east = {**data, "scheduled_at": f"{text.replace('T10', 'T12')}+02:00"}

    expected = f"2026-01-15T10:04:56.{fraction.ljust(9, '0')}Z"
    assert Job.deserialize(data).serialize()["scheduled_at"] == expected
    assert Job.deserialize(east).serialize()["scheduled_at"] == expected


@pytest.mark.parametrize("key", ["enqueued_at", "scheduled_at"])
@pytest.mark.parametrize("value", ["tomorrow", "", 5, {}])
def test_times_of_no_use_are_told_by_deserialize(key: str, value: Any) -> None:
    with pytest.raises(PayloadError, match=key):
        Job.deserialize({**HashedJob().serialize(), key: value})


def test_unknown_keys_are_left_alone() -> None:
    assert Job.execute({**HashedJob(1).serialize(), "unheard_of": [1]}) == (1, {})


def test_an_unknown_zone_is_an_error_that_no_handler_of_the_job_sees() -> None:
    @discard_on(ArgumentError)
    class HashedZoneJob(Job):
        def perform(self) -> None: ...

    job = Job.deserialize({**HashedZoneJob().serialize(), "timezone": "Mars/Olympus"})

    with pytest.raises(ArgumentError, match="Invalid Timezone"):
        job.perform_now()
    assert job.executions == 0


def test_decoding_takes_place_in_perform_counts_and_reaches_the_handlers() -> None:
    @discard_on("DeserializationError")
    class HashedDecodedJob(Job):
        def perform(self, *args: Any) -> None: ...

    bad = [{"_aj_serialized": "Unheard::Of"}]
    job = Job.deserialize({**HashedDecodedJob().serialize(), "arguments": bad})

    error = job.perform_now()

    assert type(error).__name__ == "DeserializationError"
    assert job.executions == 1


def test_two_jobs_with_one_id_are_different_objects() -> None:
    job = HashedJob()
    assert Job.deserialize(job.serialize()) != job
