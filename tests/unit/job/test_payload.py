"""The wire form of a job: Active Job's hash, key for key."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    Job,
    PayloadError,
    SamovarError,
    SerializationError,
    UnknownJobClassError,
    payload,
)
from samovar.job.context import LOCALE
from samovar.job.state import JobState
from samovar.support import clock
from tests.support.applications import Recording, application

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
NINE_DIGITS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


class PayloadJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs


class NamespacedJob(Job):
    job_name = "Deep::Er::TheJob"


@pytest.mark.usefixtures("recording")
class TestSerialize:
    def test_a_fresh_job_has_the_twelve_keys_in_order(self) -> None:
        data = PayloadJob(1, "a").serialize()

        assert list(data) == KEYS
        assert data == {
            "job_class": "PayloadJob",
            "job_id": data["job_id"],
            "provider_job_id": None,
            "queue_name": "default",
            "priority": None,
            "arguments": [1, "a"],
            "executions": 0,
            "exception_executions": {},
            "locale": "en",
            "timezone": None,
            "enqueued_at": data["enqueued_at"],
            "scheduled_at": None,
        }

    def test_times_are_utc_with_nine_digits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now_ns", lambda: 1768471496123456789)

        job = PayloadJob()
        job.scheduled_at = datetime(2026, 7, 4, 9, 30, tzinfo=timezone(timedelta(hours=-4)))

        assert job.serialize()["enqueued_at"] == "2026-01-15T10:04:56.123456789Z"
        assert job.serialize()["scheduled_at"] == "2026-07-04T13:30:00.000000000Z"

    def test_the_job_id_is_a_random_uuid(self) -> None:
        ids = {PayloadJob().job_id for _ in range(200)}

        assert len(ids) == 200
        pattern = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
        assert all(re.fullmatch(pattern, job_id) for job_id in ids)

    def test_the_name_on_the_wire_can_be_rubys(self) -> None:
        assert NamespacedJob().serialize()["job_class"] == "Deep::Er::TheJob"

    def test_the_present_locale_travels_unless_the_job_has_its_own(self) -> None:
        with LOCALE.use("es"):
            data = PayloadJob().serialize()

        assert data["locale"] == "es"
        assert Job.deserialize(data).serialize()["locale"] == "es"

    def test_an_argument_without_json_form_is_named_with_its_place(self) -> None:
        with pytest.raises(SerializationError, match=r"arguments\[1\]\['a'\]\[0\] is of .*object"):
            PayloadJob(1, {"a": [object()]}).serialize()

    def test_text_that_is_no_unicode_is_refused_when_written(self) -> None:
        data = PayloadJob("\ud800").serialize()

        with pytest.raises(SerializationError, match=r"PayloadJob .* cannot be written as JSON"):
            payload.dumps(data)


@pytest.mark.usefixtures("recording")
class TestDeserialize:
    def test_a_payload_survives_the_trip(self) -> None:
        job = PayloadJob(1, {"a": 2}, key="word")
        job.set(wait=60, queue="low", priority=7)
        data = payload.loads(payload.dumps(job.serialize()))

        again = Job.deserialize(data)

        assert type(again) is PayloadJob
        assert {**again.serialize(), "enqueued_at": 0} == {**data, "enqueued_at": 0}
        assert again.arguments == [1, {"a": 2}]
        assert again.keyword_arguments == {"key": "word"}
        assert {**again.serialize(), "enqueued_at": 0} == {**data, "enqueued_at": 0}

    def test_scheduled_at_keeps_its_nanoseconds(self) -> None:
        data = {**PayloadJob().serialize(), "scheduled_at": "2026-01-15T10:04:56.123456789Z"}

        job = Job.deserialize(data)

        assert job.scheduled_at == datetime(2026, 1, 15, 10, 4, 56, 123456, UTC)
        assert job.serialize()["scheduled_at"] == "2026-01-15T10:04:56.123456789Z"

    def test_old_payloads_with_whole_seconds_are_read(self) -> None:
        data = {**PayloadJob().serialize(), "enqueued_at": "2026-01-15T10:04:56Z"}
        del data["scheduled_at"]

        job = Job.deserialize(data)

        assert job.enqueued_at == datetime(2026, 1, 15, 10, 4, 56, tzinfo=UTC)
        assert job.scheduled_at is None

    def test_unread_arguments_go_back_as_they_came(self) -> None:
        strange = [{"_aj_serialized": "Ruby::Only", "value": 1}]

        job = Job.deserialize({**PayloadJob().serialize(), "arguments": strange})

        assert job.serialize()["arguments"] == strange

    def test_missing_keys_are_none_and_not_made_up(self) -> None:
        job = Job.deserialize({"job_class": "PayloadJob", "arguments": []})

        assert (job.job_id, job.queue_name, job.priority) == (None, None, None)
        assert job.executions == 0
        assert job.perform_now() == ((), {})

    @pytest.mark.parametrize("rest", [{}, {"arguments": None}])
    def test_bytes_without_arguments_are_no_job(self, rest: Any) -> None:
        with pytest.raises(PayloadError, match="arguments are missing"):
            JobState.from_payload(payload.dumps({"job_class": "PayloadJob", **rest}))

    def test_unknown_keys_are_left_alone(self) -> None:
        assert Job.execute({"job_class": "PayloadJob", "cattr_0": {}, "arguments": [3]}) == (
            (3,),
            {},
        )

    @pytest.mark.parametrize("name", [None, 5, ["PayloadJob"], {}])
    def test_a_job_class_that_is_no_name_is_unknown(self, name: object) -> None:
        with pytest.raises(UnknownJobClassError, match=r"job_class is .*; expected a string"):
            Job.deserialize({"job_class": name})

    def test_an_unknown_class_is_told_with_the_nearest_one(self) -> None:
        with pytest.raises(UnknownJobClassError, match=r"'PayloadJib'.*mean 'PayloadJob'.*Import"):
            Job.deserialize({"job_class": "PayloadJib"})

    def test_an_unknown_class_is_told_with_the_places_to_look(self) -> None:
        with pytest.raises(UnknownJobClassError, match=r"`imports`.*`app`.*__main__.*that script"):
            Job.deserialize({"job_class": "PayloadOfAScript"})

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("enqueued_at", "yesterday"),
            ("enqueued_at", 5),
            ("scheduled_at", "2026-13-01T00:00:00Z"),
            ("executions", "three"),
            ("executions", 1.5),
        ],
    )
    def test_a_value_of_no_use_is_an_error_that_names_its_key(
        self, key: str, value: object
    ) -> None:
        with pytest.raises(PayloadError, match=f"^{key} is {re.escape(repr(value))}; expected"):
            Job.deserialize({**PayloadJob().serialize(), key: value})


class TestJson:
    @pytest.mark.parametrize("raw", [b"", b"nope", b"{", b"\xff\xfe", b"[" * 100_000, b"[NaN]"])
    def test_what_is_no_json_is_a_payload_error(self, raw: bytes) -> None:
        with pytest.raises(PayloadError, match="no JSON"):
            payload.loads(raw)

    @pytest.mark.parametrize("raw", [b"[]", b"1", b'"text"', b"null", b"true"])
    def test_what_is_no_object_is_a_payload_error(self, raw: bytes) -> None:
        with pytest.raises(PayloadError, match="no JSON object"):
            payload.loads(raw)

    def test_a_tombstone_is_a_payload_error(self) -> None:
        with pytest.raises(PayloadError, match="tombstone"):
            payload.loads(None)  # type: ignore[arg-type]

    @given(st.binary(max_size=200))
    def test_any_bytes_are_a_hash_or_a_payload_error(self, raw: bytes) -> None:
        with contextlib.suppress(PayloadError):
            assert isinstance(payload.loads(raw), dict)

    def test_integers_keep_every_digit_and_floats_their_point(self) -> None:
        data = {"a": [2**70, -(2**70), 2**53 + 1, 1.0, 1]}

        assert repr(payload.loads(payload.dumps(data))) == repr(data)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    data=st.dictionaries(st.sampled_from([*KEYS, "other"]), JSON_VALUES),
    known=st.booleans(),
)
def test_any_json_object_is_performed_or_ends_in_an_error_of_ours(
    data: dict[str, Any], known: bool
) -> None:
    with application(queue_adapter="inline"), contextlib.suppress(SamovarError):
        Job.execute({**data, "job_class": "PayloadJob"} if known else data)


def test_the_recording_adapter_is_what_jobs_are_given_to(recording: Recording) -> None:
    PayloadJob.perform_later(1)

    assert [request.data["arguments"] for request in recording.requests] == [[1]]
