"""Acceptance 91 to 97: the helpers for tests of one's own jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from samovar import ArgumentError, Job, retry_on
from samovar.job.hashes import Symbol
from samovar.testing import JobAssertions, RecordedJob, recorded_jobs
from tests.support.applications import application


@pytest.fixture(autouse=True)
def _application() -> Iterator[None]:
    with application(queue_adapter="inline"):
        yield


class HelperGreetJob(Job):
    queue_as = "greetings"

    def perform(self, *args: Any, **kwargs: Any) -> None: ...


class HelperMailJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> None: ...


class HelperOwnAdapterJob(Job):
    queue_adapter = "inline"

    def perform(self) -> None: ...


@retry_on(ValueError, wait=100, attempts=2)
class HelperRetriedJob(Job):
    def perform(self) -> None:
        raise ValueError("boom")


@retry_on(ValueError, wait=100, attempts=2)
class HelperFailingOnceJob(Job):
    def perform(self) -> None:
        if self.executions == 1:
            raise ValueError("boom")


def _enqueue_two_greetings_and_a_mail() -> None:
    HelperGreetJob.perform_later("Ada")
    HelperGreetJob.set(wait=60).perform_later("Grace")
    HelperMailJob.perform_later()


def _is_a_greeting(recorded: RecordedJob) -> bool:
    return recorded["job"] is HelperGreetJob


@pytest.mark.parametrize(
    ("number", "filters"),
    [
        (3, {}),
        (2, {"only": HelperGreetJob}),
        (3, {"only": [HelperGreetJob, HelperMailJob]}),
        (2, {"only": _is_a_greeting}),
        (1, {"except_": HelperGreetJob}),
        (0, {"except_": (HelperGreetJob, HelperMailJob)}),
        (1, {"except_": _is_a_greeting}),
        (2, {"queue": "greetings"}),
        (1, {"queue": Symbol("default")}),
        (0, {"queue": "greetings", "only": HelperMailJob}),
    ],
)
def test_91_jobs_are_counted_by_class_and_queue(
    jobs: JobAssertions, number: int, filters: dict[str, Any]
) -> None:
    with jobs.assert_enqueued_jobs(number, **filters):
        _enqueue_two_greetings_and_a_mail()
    jobs.assert_enqueued_jobs(number, **filters)

    for wrong in (number - 1, number + 1):
        counts = rf"^{wrong} jobs? expected, but {number} were enqueued"
        with pytest.raises(AssertionError, match=counts):
            jobs.assert_enqueued_jobs(wrong, **filters)
        with (
            pytest.raises(AssertionError, match=counts),
            jobs.assert_enqueued_jobs(wrong, **filters),
        ):
            _enqueue_two_greetings_and_a_mail()
        del jobs.enqueued_jobs[3:]


def test_91_a_block_counts_only_what_it_enqueues(jobs: JobAssertions) -> None:
    HelperMailJob.perform_later()

    with jobs.assert_enqueued_jobs(1):
        HelperMailJob.perform_later()
    with jobs.assert_no_enqueued_jobs():
        pass

    jobs.assert_enqueued_jobs(2)
    with pytest.raises(AssertionError, match="0 jobs expected, but 2 were enqueued"):
        jobs.assert_no_enqueued_jobs()


@pytest.mark.parametrize(
    "helper",
    ["assert_no_enqueued_jobs", "assert_no_performed_jobs", "perform_enqueued_jobs"],
)
def test_91_only_and_except_exclude_each_other(jobs: JobAssertions, helper: str) -> None:
    both: dict[str, Any] = {"only": HelperGreetJob, "except_": HelperMailJob}

    with pytest.raises(ArgumentError, match="either only or except_"):
        getattr(jobs, helper)(**both)
    with (
        pytest.raises(ArgumentError, match=r"only=HelperGreetJob and except_=HelperMailJob"),
        getattr(jobs, helper)(**both),
    ):
        pass


NOON = datetime(2040, 5, 17, 12, 0, 0, 250_000, UTC)


@pytest.mark.parametrize(
    "facets",
    [
        {"job": HelperGreetJob},
        {"job": lambda job: issubclass(job, HelperGreetJob)},
        {"args": ["Ada", {"title": ["Countess"]}]},
        {"args": ("Ada", {"title": ["Countess"]})},
        {"args": lambda args: args[0].startswith("A")},
        {"kwargs": {"title": ["Countess"]}},
        {"args": ["Ada"], "kwargs": {"title": ["Countess"]}},
        {"kwargs": lambda kwargs: "title" in kwargs},
        {"at": NOON},
        {"at": NOON - timedelta(seconds=0.9)},
        {"at": NOON + timedelta(seconds=0.9)},
        {"at": NOON.timestamp()},
        {"at": lambda at: at == NOON},
        {"queue": "greetings"},
        {"queue": Symbol("greetings")},
        {"queue": lambda queue: queue.startswith("gr")},
        {"priority": 7},
        {"priority": lambda priority: priority > 5},
        {},
    ],
)
def test_92_a_job_that_matches_is_given_decoded(
    jobs: JobAssertions, facets: dict[str, Any]
) -> None:
    with jobs.assert_enqueued_with(**facets) as in_block:
        enqueued = HelperGreetJob.set(wait_until=NOON, priority=7).perform_later(
            "Ada", title=["Countess"]
        )
    afterwards = jobs.assert_enqueued_with(**facets)

    assert enqueued
    for job in (in_block, afterwards):
        assert type(job) is HelperGreetJob
        assert job is not enqueued
        assert job.job_id == enqueued.job_id
        assert (job.arguments, job.keyword_arguments) == (["Ada"], {"title": ["Countess"]})
        assert job.scheduled_at == NOON


@pytest.mark.parametrize(
    ("facets", "other"),
    [
        ({"args": ["Ada"]}, "args"),
        ({"args": ["Ada"], "kwargs": {}}, "args"),
        ({"args": lambda args: False}, "args"),
        ({"at": NOON + timedelta(seconds=1.1)}, "at"),
        ({"at": NOON - timedelta(seconds=1.1)}, "at"),
        ({"queue": "default"}, "queue"),
        ({"priority": 8}, "priority"),
        ({"queue": "default", "priority": 8}, "queue and priority"),
    ],
)
def test_92_a_failure_lists_candidates_and_how_they_differ(
    jobs: JobAssertions, facets: dict[str, Any], other: str
) -> None:
    HelperMailJob.perform_later()
    HelperGreetJob.set(wait_until=NOON, priority=7).perform_later("Ada", title="Countess")

    with pytest.raises(AssertionError) as caught:
        jobs.assert_enqueued_with(job=HelperGreetJob, **facets)

    assert str(caught.value).startswith("No job was enqueued with job=HelperGreetJob, ")
    assert (
        "Potential matches:\n  HelperGreetJob('Ada', title='Countess') on 'greetings', "
        f"priority 7, at 2040-05-17T12:00:00.250000+00:00: other {other}" in str(caught.value)
    )
    assert "HelperMailJob" not in str(caught.value)


def test_92_a_failure_tells_which_classes_were_there_or_that_none_was(jobs: JobAssertions) -> None:
    with pytest.raises(AssertionError, match="No jobs at all were enqueued"):
        jobs.assert_enqueued_with(job=HelperGreetJob)

    HelperMailJob.perform_later()
    with pytest.raises(AssertionError, match=r"No job of HelperGreetJob .* jobs of: HelperMailJob"):
        jobs.assert_enqueued_with(job=HelperGreetJob)
    with (
        pytest.raises(AssertionError, match="No jobs at all were enqueued"),
        jobs.assert_enqueued_with(job=HelperMailJob),
    ):
        pass


def test_92_an_unknown_facet_is_an_error(jobs: JobAssertions) -> None:
    facets: dict[str, Any] = {"job": HelperGreetJob, "arg": [1]}
    with pytest.raises(ArgumentError, match="unexpected 'arg'; expected job, args, kwargs, at"):
        jobs.assert_enqueued_with(**facets)


def test_92_performed_jobs_are_matched_alike(jobs: JobAssertions) -> None:
    with jobs.assert_performed_with(job=HelperGreetJob, args=["Ada"], queue="greetings") as job:
        HelperGreetJob.perform_later("Ada")
        HelperMailJob.perform_later()
    again = jobs.assert_performed_with(job=HelperGreetJob, args=["Ada"])

    assert job.job_id == again.job_id
    assert job.arguments == ["Ada"]
    with pytest.raises(AssertionError, match=r"No job was performed[^$]*other args"):
        jobs.assert_performed_with(job=HelperGreetJob, args=["Grace"])


def test_93_without_a_block_a_retry_stays_enqueued_until_the_next_call(
    jobs: JobAssertions,
) -> None:
    HelperFailingOnceJob.perform_later()

    assert jobs.perform_enqueued_jobs() == 1
    jobs.assert_performed_jobs(1)
    jobs.assert_enqueued_jobs(1)

    assert jobs.perform_enqueued_jobs() == 1
    jobs.assert_performed_jobs(2)
    jobs.assert_no_enqueued_jobs()


def test_94_a_block_performs_retries_to_the_end_and_lets_the_error_out(
    jobs: JobAssertions,
) -> None:
    with pytest.raises(ValueError, match="boom"), jobs.perform_enqueued_jobs():
        HelperRetriedJob.perform_later()

    jobs.assert_performed_jobs(2, only=HelperRetriedJob)
    jobs.assert_no_enqueued_jobs()


def test_95_at_leaves_out_what_is_due_later(jobs: JobAssertions) -> None:
    now = datetime.now(UTC)

    def enqueue() -> None:
        HelperGreetJob.set(wait=100).perform_later("later")
        HelperGreetJob.set(wait_until=now - timedelta(seconds=5)).perform_later("in the past")
        HelperGreetJob.perform_later("unscheduled")

    with jobs.perform_enqueued_jobs(at=now):
        enqueue()
    jobs.assert_performed_jobs(2)
    jobs.assert_enqueued_with(args=["later"])

    jobs.enqueued_jobs.clear()
    enqueue()
    assert jobs.perform_enqueued_jobs(at=now) == 2
    jobs.assert_enqueued_with(args=["later"])
    assert jobs.perform_enqueued_jobs() == 1


def test_96_filters_do_not_leak_to_later_calls(jobs: JobAssertions) -> None:
    filters: dict[str, Any] = {"only": HelperGreetJob, "queue": "greetings", "at": NOON}
    with jobs.perform_enqueued_jobs(**filters):
        HelperMailJob.perform_later()
    with jobs.perform_enqueued_jobs(except_=HelperMailJob), jobs.perform_enqueued_jobs():
        HelperMailJob.perform_later()
    with pytest.raises(KeyError), jobs.perform_enqueued_jobs(except_=HelperMailJob):
        raise KeyError
    HelperMailJob.perform_later()
    jobs.assert_performed_jobs(1)
    jobs.assert_enqueued_jobs(2)

    with jobs.perform_enqueued_jobs():
        HelperMailJob.perform_later()

    jobs.assert_performed_jobs(2)


def test_96_a_callable_of_the_block_form_is_given_the_job(jobs: JobAssertions) -> None:
    def is_a_greeting(job: Job) -> bool:
        return isinstance(job, HelperGreetJob) and job.arguments[0] == "Ada"

    with jobs.perform_enqueued_jobs(only=is_a_greeting):
        _enqueue_two_greetings_and_a_mail()
    jobs.assert_performed_jobs(1)

    with jobs.assert_performed_jobs(2, except_=is_a_greeting):
        _enqueue_two_greetings_and_a_mail()


HELPERS: list[tuple[str, dict[str, Any]]] = [
    ("assert_enqueued_jobs", {"number": 1}),
    ("assert_no_enqueued_jobs", {}),
    ("assert_performed_jobs", {"number": 1}),
    ("assert_no_performed_jobs", {}),
    ("assert_enqueued_with", {"job": HelperMailJob}),
    ("assert_performed_with", {"job": HelperMailJob}),
    ("interrupt_job_during_step", {"job": HelperMailJob, "step": "one"}),
    ("interrupt_job_after_step", {"job": HelperMailJob, "step": "one"}),
]


@pytest.mark.parametrize(("helper", "arguments"), HELPERS, ids=[name for name, _ in HELPERS])
def test_97_helpers_name_the_adapter_that_records_nothing(
    helper: str, arguments: dict[str, Any]
) -> None:
    with recorded_jobs("inline") as jobs:
        asked = helper.replace("_no_", "_")
        problem = f"{asked} needs the test adapter, but jobs go to 'inline'"
        with pytest.raises(ArgumentError, match=problem):
            getattr(jobs, helper)(**arguments)


def test_97_with_another_adapter_a_block_is_just_run() -> None:
    with recorded_jobs("inline") as jobs:
        with jobs.perform_enqueued_jobs():
            assert HelperMailJob.perform_later()
        with pytest.raises(ArgumentError, match="perform_enqueued_jobs needs the test adapter"):
            jobs.perform_enqueued_jobs()


def test_97_a_class_with_an_adapter_of_its_own_is_named(jobs: JobAssertions) -> None:
    with pytest.raises(ArgumentError, match=r"HelperOwnAdapterJob\.queue_adapter is 'inline'"):
        jobs.assert_no_enqueued_jobs(only=[HelperMailJob, HelperOwnAdapterJob])
