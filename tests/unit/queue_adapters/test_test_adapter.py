"""The test adapter records what it is given, or performs it at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    App,
    EnqueueError,
    Job,
    SerializationError,
    cancel_scheduled,
    perform_all_later,
    retry_on,
)
from samovar.job.job_data import EnqueueRequest
from samovar.job.queue_adapter import QueueAdapter
from samovar.queue_adapters.test import TestAdapter
from tests.support.applications import application

SEEN: list[Any] = []


class RecordedNoteJob(Job):
    queue_as = "notes"

    def perform(self, value: Any = None) -> None:
        SEEN.append(value)


@retry_on(ValueError, wait=100, attempts=3)
class RecordedFailingJob(Job):
    def perform(self) -> None:
        SEEN.append(self.executions)
        raise ValueError("boom")


class RecordedRefusedJob(Job):
    def perform(self) -> None:
        raise EnqueueError("not today")


@pytest.fixture
def app() -> Iterator[App]:
    SEEN.clear()
    with application(queue_adapter="test", queue_name_prefix="shop", default_priority=3) as app:
        yield app


@pytest.fixture
def adapter(app: App) -> TestAdapter:
    adapter = app.adapter()
    assert isinstance(adapter, TestAdapter)
    return adapter


def test_it_is_a_queue_adapter_that_the_settings_can_name(adapter: TestAdapter) -> None:
    assert isinstance(adapter, QueueAdapter)
    assert adapter.name == "test"


def test_a_job_is_recorded_with_its_payload_its_class_and_its_queue(adapter: TestAdapter) -> None:
    job = RecordedNoteJob.perform_later({"a": [1]})

    (recorded,) = adapter.enqueued_jobs
    assert job
    assert recorded["job"] is RecordedNoteJob
    assert recorded["job_class"] == "RecordedNoteJob"
    assert recorded["job_id"] == job.job_id
    assert recorded["args"] == recorded["arguments"] == [{"a": [1], "_aj_symbol_keys": []}]
    assert recorded["queue"] == recorded["queue_name"] == "shop_notes"
    assert recorded["priority"] == 3
    assert "at" not in recorded
    assert (adapter.performed_jobs, SEEN) == ([], [])


def test_a_scheduled_job_is_recorded_with_its_time_as_a_float(adapter: TestAdapter) -> None:
    RecordedNoteJob.set(wait_until=datetime(2040, 1, 2, 3, 4, 5, 500_000, UTC)).perform_later()

    (recorded,) = adapter.enqueued_jobs
    assert recorded["at"] == 2209086245.5
    assert recorded["scheduled_at"] == "2040-01-02T03:04:05.500000000Z"


def test_a_bulk_is_recorded_in_order(adapter: TestAdapter) -> None:
    perform_all_later([RecordedNoteJob(1), RecordedFailingJob(), RecordedNoteJob(2)])

    recorded = [(entry["job"], entry["args"]) for entry in adapter.enqueued_jobs]
    assert recorded == [(RecordedNoteJob, [1]), (RecordedFailingJob, []), (RecordedNoteJob, [2])]


def test_what_happens_to_the_job_later_does_not_change_the_record(adapter: TestAdapter) -> None:
    job = RecordedFailingJob()
    job.exception_executions = {"[ValueError]": 1}
    job.enqueue()
    job.exception_executions["[ValueError]"] = 2

    assert adapter.enqueued_jobs[0]["exception_executions"] == {"[ValueError]": 1}


def test_what_has_no_json_form_is_refused(adapter: TestAdapter) -> None:
    with pytest.raises(SerializationError):
        adapter.enqueue(EnqueueRequest({"job_class": "X", "arguments": [object()]}))


def test_a_job_of_an_unknown_class_can_be_recorded(adapter: TestAdapter) -> None:
    adapter.enqueue(EnqueueRequest({"job_class": "Ruby::OnlyJob", "arguments": [1]}))

    (recorded,) = adapter.enqueued_jobs
    assert (recorded["job"], recorded["args"], recorded["queue"]) == (None, [1], None)


def test_told_to_perform_it_does_so_with_copies_and_records_it(adapter: TestAdapter) -> None:
    adapter.perform_enqueued_jobs = True
    value = {"a": [1]}
    RecordedNoteJob.perform_later(value)
    RecordedNoteJob.set(wait=5).perform_later("later")

    assert value == SEEN[0]
    assert value is not SEEN[0]
    assert [entry["args"] for entry in adapter.performed_jobs] == [[{"a": [1], **SYMBOLS}]]
    assert [entry["args"] for entry in adapter.enqueued_jobs] == [["later"]]


SYMBOLS: dict[str, Any] = {"_aj_symbol_keys": []}


def test_jobs_with_a_time_have_a_switch_of_their_own(adapter: TestAdapter) -> None:
    adapter.perform_enqueued_at_jobs = True
    RecordedNoteJob.perform_later("at once")
    RecordedNoteJob.set(wait=0).perform_later("later")

    assert SEEN == ["later"]


def test_retries_go_through_the_adapter_too(adapter: TestAdapter) -> None:
    adapter.perform_enqueued_jobs = adapter.perform_enqueued_at_jobs = True

    with pytest.raises(ValueError, match="boom"):
        RecordedFailingJob.perform_later()

    assert SEEN == [1, 2, 3]
    assert [entry["executions"] for entry in adapter.performed_jobs] == [0, 1, 2]


def test_perform_now_leaves_no_trace(adapter: TestAdapter) -> None:
    RecordedNoteJob.perform_now(1)

    assert SEEN == [1]
    assert adapter.performed_jobs == []


@pytest.mark.parametrize(
    ("attributes", "performed"),
    [
        ({"filter": RecordedNoteJob}, ["soon", "later"]),
        ({"filter": [RecordedFailingJob]}, []),
        ({"filter": lambda job: job.arguments == ["soon"]}, ["soon"]),
        ({"reject": RecordedNoteJob}, []),
        ({"reject": lambda job: job.arguments == ["soon"]}, ["later"]),
        ({"queue": "notes"}, ["soon", "later"]),
        ({"queue": "shop_notes"}, ["soon", "later"]),
        ({"queue": "default"}, []),
        ({"at": 0.0}, ["soon"]),
        ({"at": 2e10}, ["soon", "later"]),
    ],
)
def test_filters_choose_what_is_performed(
    adapter: TestAdapter, attributes: dict[str, Any], performed: list[str]
) -> None:
    adapter.perform_enqueued_jobs = adapter.perform_enqueued_at_jobs = True
    vars(adapter).update(attributes)

    RecordedNoteJob.perform_later("soon")
    RecordedNoteJob.set(wait=100).perform_later("later")

    assert performed == SEEN
    assert len(adapter.enqueued_jobs) == 2 - len(performed)


def test_a_job_that_refuses_softly_in_a_bulk_does_not_stop_the_rest(adapter: TestAdapter) -> None:
    adapter.perform_enqueued_jobs = True
    jobs = [RecordedRefusedJob(), RecordedNoteJob(1)]
    perform_all_later(jobs)

    assert [job.successfully_enqueued for job in jobs] == [False, True]


def test_stopping_is_a_flag_a_reason_or_a_callable_of_the_job(adapter: TestAdapter) -> None:
    job = RecordedNoteJob()
    assert not adapter.stopping(job)

    adapter.stopping_when = "deploying"
    assert adapter.stopping(job) == "deploying"

    adapter.stopping_when = lambda asked: asked is job
    assert adapter.stopping(job)
    assert not adapter.stopping(None)


def test_a_job_that_waits_for_its_time_can_be_cancelled(adapter: TestAdapter) -> None:
    RecordedNoteJob.perform_later("now")
    later = RecordedNoteJob.set(wait=60).perform_later("later")
    assert later

    assert cancel_scheduled(later.job_id)
    assert not cancel_scheduled(later.job_id)
    assert not cancel_scheduled(adapter.enqueued_jobs[0]["job_id"])
    assert [entry["args"] for entry in adapter.enqueued_jobs] == [["now"]]


def test_closing_leaves_what_was_recorded(adapter: TestAdapter) -> None:
    RecordedNoteJob.perform_later()

    assert adapter.close(timeout=0) == 0
    assert len(adapter.enqueued_jobs) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
)


@given(values=st.lists(JSON, max_size=4))
def test_whatever_is_recorded_is_performed_with_equal_arguments(values: list[Any]) -> None:
    SEEN.clear()
    with application(queue_adapter="test") as app:
        for value in values:
            RecordedNoteJob.perform_later(value)
        adapter = app.adapter()
        assert isinstance(adapter, TestAdapter)
        for recorded in adapter.enqueued_jobs:
            adapter.perform(recorded)

    assert values == SEEN
