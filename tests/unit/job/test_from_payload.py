"""A job from its bytes is the job from the hash that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samovar import Job, PayloadError, payload
from samovar.job.state import JobState

DATA = {
    "job_class": "BytesJob",
    "job_id": "0d9f",
    "provider_job_id": 7,
    "queue_name": "mails",
    "priority": 3,
    "arguments": [1, "a", 1.5, None, [2]],
    "executions": 2,
    "exception_executions": {"[Timeout]": 1},
    "locale": "de",
    "timezone": "Hawaii",
    "enqueued_at": "2026-01-15T10:04:56.123456789Z",
    "scheduled_at": "2026-01-16T10:04:56.123456789Z",
}
ODD = [None, True, 0, 1, 1.0, 2**70, "", "soon", [], [1], {}, {"a": 1}]


class BytesJob(Job):
    def perform(self) -> None: ...


class RestoredJob(Job):
    def restore(self, data: Mapping[str, Any]) -> None:
        super().restore(data)
        self.note = data["note"]

    def perform(self) -> None: ...


@given(
    changed=st.dictionaries(st.sampled_from([*DATA, "unheard_of"]), st.sampled_from(ODD)),
    lacking=st.sets(st.sampled_from(list(DATA))),
)
@example(changed={}, lacking=set[str]())
def test_bytes_and_their_hash_make_the_same_job(changed: dict[str, Any], lacking: set[str]) -> None:
    data = {key: value for key, value in {**DATA, **changed}.items() if key not in lacking}
    if data.get("arguments") is None:
        return  # of that only the bytes are refused

    assert outcome(lambda: JobState.from_payload(payload.dumps(data))) == outcome(
        lambda: JobState.deserialize(data)
    )


def test_a_class_with_a_restore_of_its_own_is_given_the_hash() -> None:
    raw = payload.dumps({**DATA, "job_class": "RestoredJob", "note": "kept"})

    job = JobState.from_payload(raw)

    assert isinstance(job, RestoredJob)
    assert (job.note, job.job_id) == ("kept", "0d9f")


@pytest.mark.parametrize("raw", [None, b"", b"[]", b"nope", b"[" * 100_000])
def test_what_holds_no_hash_is_told_as_ever(raw: bytes | None) -> None:
    with pytest.raises(PayloadError, match=r"tombstone|no JSON"):
        JobState.from_payload(raw)


def outcome(make: Any) -> Any:
    """All that the job is, but for what it was made from; or what refused it."""
    try:
        return repr({**vars(make()), "origin": None})
    except PayloadError as error:
        return type(error), str(error)
