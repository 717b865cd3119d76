"""What travels beside a job: the payload is decoded once, with it or without it."""

from __future__ import annotations

import pytest

from samovar import CurrentAttributes, Job, payload
from samovar.job import checked_data, current_attributes, performing
from samovar.job.outcome import DONE, Poison

SEEN: list[int | None] = []


class CarryingCurrent(CurrentAttributes):
    user_id: int | None = None


class CarriedJob(Job):
    def perform(self) -> None:
        SEEN.append(CarryingCurrent.user_id)


@pytest.fixture(autouse=True)
def one_class_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    SEEN.clear()
    monkeypatch.setattr(current_attributes, "persisted", [CarryingCurrent])


def test_a_payload_with_current_attributes_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    value = payload.dumps(CarriedJob().serialize() | {"cattr_0": {"user_id": 7}})

    def read_again(raw: bytes | None) -> None:
        raise AssertionError(f"decoded a second time: {raw!r}")

    monkeypatch.setattr(checked_data, "read", read_again)

    assert performing.perform(value) is DONE
    assert SEEN == [7]


@pytest.mark.parametrize("value", [None, b"no JSON", b"[]", b'{"job_class": "CarriedJob"}'])
def test_what_is_no_job_is_poison_with_current_attributes_too(value: bytes | None) -> None:
    assert isinstance(performing.perform(value), Poison)
    assert SEEN == []
