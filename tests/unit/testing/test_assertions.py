"""What the helpers do beyond the acceptance scenarios."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import ArgumentError, Job, job, perform_all_later
from samovar.testing import JobAssertions, TestAdapter, recorded_jobs

LOOPS: list[Any] = []


class HelpedJob(Job):
    def perform(self, value: Any = None) -> None: ...


class HelpedOtherJob(Job):
    def perform(self, value: Any = None) -> None: ...


class HelpedNestingJob(Job):
    def perform(self) -> None:
        HelpedJob.perform_later("nested")


class HelpedBreakingJob(Job):
    def perform(self) -> None:
        raise ValueError("boom")


class HelpedCoroutineJob(Job):
    async def perform(self, value: Any = None) -> None:
        LOOPS.append(asyncio.get_running_loop())


# Performed jobs


def test_a_block_performs_what_the_filters_choose_and_counts_it(jobs: JobAssertions) -> None:
    with jobs.assert_performed_jobs(1, only=HelpedJob):
        HelpedJob.perform_later()
        HelpedOtherJob.perform_later()

    jobs.assert_performed_jobs(1)
    jobs.assert_enqueued_jobs(1, only=HelpedOtherJob)


def test_a_failure_tells_also_what_was_left_unperformed(jobs: JobAssertions) -> None:
    with pytest.raises(AssertionError) as caught, jobs.assert_performed_jobs(2, only=HelpedJob):
        perform_all_later([HelpedJob(1), HelpedOtherJob("x")])

    assert str(caught.value) == (
        "2 jobs expected, but 1 were performed (only=HelpedJob; * counts):\n"
        "  * HelpedJob(1) on 'shop_default'\n"
        "Enqueued, and not performed:\n"
        "  - HelpedOtherJob('x') on 'shop_default'"
    )


def test_no_performed_jobs(jobs: JobAssertions) -> None:
    with jobs.assert_no_performed_jobs(only=HelpedOtherJob):
        HelpedJob.perform_later()
    jobs.assert_no_performed_jobs()
    with (
        pytest.raises(AssertionError, match="0 jobs expected, but 1 were performed"),
        jobs.assert_no_performed_jobs(),
    ):
        HelpedJob.perform_later()


def test_an_error_of_a_job_leaves_the_block_and_the_adapter_is_as_before(
    jobs: JobAssertions,
) -> None:
    with pytest.raises(ValueError, match="boom"), jobs.assert_performed_jobs(5):
        HelpedBreakingJob.perform_later()

    HelpedBreakingJob.perform_later()
    jobs.assert_enqueued_jobs(1)


def test_without_a_block_what_jobs_enqueue_stays_stored(jobs: JobAssertions) -> None:
    HelpedNestingJob.perform_later()
    HelpedNestingJob.perform_later()

    assert jobs.perform_enqueued_jobs() == 2
    jobs.assert_performed_jobs(2, only=HelpedNestingJob)
    assert jobs.perform_enqueued_jobs(only=HelpedJob) == 2
    assert jobs.perform_enqueued_jobs() == 0


def test_without_a_block_a_callable_is_given_the_record(jobs: JobAssertions) -> None:
    HelpedJob.perform_later(1)
    HelpedJob.perform_later(2)

    assert jobs.perform_enqueued_jobs(only=lambda recorded: recorded["args"] == [2]) == 1
    jobs.assert_enqueued_with(args=[1])


def test_without_a_block_an_error_leaves_the_rest_stored(jobs: JobAssertions) -> None:
    HelpedJob.perform_later()
    HelpedBreakingJob.perform_later()
    HelpedOtherJob.perform_later()

    with pytest.raises(ValueError, match="boom"):
        jobs.perform_enqueued_jobs()

    jobs.assert_performed_jobs(2)
    jobs.assert_performed_jobs(1, only=HelpedBreakingJob)
    jobs.assert_enqueued_jobs(1, only=HelpedOtherJob)


def test_jobs_performed_in_a_counted_block_without_a_block_count_too(jobs: JobAssertions) -> None:
    HelpedJob.perform_later()

    with jobs.assert_performed_jobs(1):
        jobs.perform_enqueued_jobs()


# What can be asked


@pytest.mark.parametrize("choice", ["HelpedJob", [], [HelpedJob, "HelpedJob"], int, 3])
def test_what_is_no_choice_of_jobs_is_an_error(jobs: JobAssertions, choice: Any) -> None:
    with pytest.raises(ArgumentError, match="expected a job class, several in a list, or a call"):
        jobs.assert_no_enqueued_jobs(only=choice)


@pytest.mark.parametrize(
    ("facets", "problem"),
    [
        ({"job": "HelpedJob"}, "expected a job class"),
        ({"job": int}, "no job class"),
        ({"args": "ab"}, "expected a list"),
        ({"at": datetime(2040, 1, 1)}, "expected an aware datetime"),
        ({"at": date(2040, 1, 1)}, "expected an aware datetime"),
        ({"at": "noon"}, "expected an aware datetime"),
    ],
)
def test_what_is_no_facet_is_an_error(
    jobs: JobAssertions, facets: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ArgumentError, match=problem):
        jobs.assert_enqueued_with(**facets)


def test_a_queue_is_found_by_its_logical_and_its_real_name(jobs: JobAssertions) -> None:
    HelpedJob.set(queue="urgent").perform_later()

    jobs.assert_enqueued_jobs(1, queue="urgent")
    jobs.assert_enqueued_jobs(1, queue="shop_urgent")
    jobs.assert_enqueued_with(queue="urgent")
    jobs.assert_enqueued_with(queue="shop_urgent")
    assert jobs.perform_enqueued_jobs(queue="default") == 0
    assert jobs.perform_enqueued_jobs(queue="urgent") == 1


def test_at_can_ask_for_jobs_without_a_time(jobs: JobAssertions) -> None:
    HelpedJob.set(wait=5).perform_later("later")
    HelpedJob.perform_later("now")

    assert jobs.assert_enqueued_with(at=lambda at: at is None).arguments == ["now"]


def test_changing_a_found_job_leaves_the_record_alone(jobs: JobAssertions) -> None:
    HelpedJob.perform_later([1])
    found = jobs.assert_enqueued_with(job=HelpedJob)
    found.arguments[0].append(2)
    assert found.exception_executions is not None
    found.exception_executions["[KeyError]"] = 1
    found.perform_now()

    assert jobs.enqueued_jobs[0]["args"] == [[1]]
    assert jobs.enqueued_jobs[0]["executions"] == 0
    assert jobs.enqueued_jobs[0]["exception_executions"] == {}


def test_the_job_of_a_block_is_of_its_class_also_when_only_a_callable_told(
    jobs: JobAssertions,
) -> None:
    with jobs.assert_enqueued_with(job=lambda job: job is not HelpedOtherJob) as job:
        HelpedOtherJob.perform_later()
        HelpedJob.perform_later(7)

    assert isinstance(job, HelpedJob)
    assert job.arguments == [7]


def test_an_error_of_the_block_is_not_hidden_by_a_failed_assertion(jobs: JobAssertions) -> None:
    with pytest.raises(KeyError), jobs.assert_enqueued_jobs(1):
        raise KeyError
    with pytest.raises(KeyError), jobs.assert_enqueued_with(job=HelpedJob):
        raise KeyError


def test_a_long_list_of_jobs_is_cut(jobs: JobAssertions) -> None:
    HelpedJob.perform_bulk([(number,) for number in range(50)])

    with pytest.raises(AssertionError) as caught:
        jobs.assert_enqueued_jobs(51)

    assert "HelpedJob(19)" in str(caught.value)
    assert "HelpedJob(20)" not in str(caught.value)
    assert "... and 30 more" in str(caught.value)


def test_arguments_that_cannot_be_decoded_are_told_of(jobs: JobAssertions) -> None:
    HelpedJob.perform_later(1)
    jobs.enqueued_jobs[0]["arguments"] = [{"_aj_serialized": "NoSuchSerializer"}]

    with pytest.raises(AssertionError, match=r"Potential matches:\n  HelpedJob\(<Error while"):
        jobs.assert_enqueued_with(job=HelpedJob, args=[1])


# Event loops


def test_in_an_event_loop_the_helpers_work_as_elsewhere(jobs: JobAssertions) -> None:
    async def test() -> None:
        with jobs.assert_enqueued_with(job=HelpedJob, args=[1]):
            await HelpedJob.aperform_later(1)
        with jobs.assert_performed_jobs(1):
            await HelpedJob.aperform_later(2)
        assert jobs.perform_enqueued_jobs() == 1

    asyncio.run(test())


def test_in_an_event_loop_coroutine_jobs_run_on_another_or_awaited_on_it(
    jobs: JobAssertions,
) -> None:
    async def test() -> None:
        LOOPS.clear()
        with jobs.perform_enqueued_jobs():
            HelpedCoroutineJob.perform_later()
            await HelpedCoroutineJob.aperform_later()
        HelpedCoroutineJob.perform_later()
        jobs.perform_enqueued_jobs()
        assert asyncio.get_running_loop() not in LOOPS
        assert len(LOOPS) == 3

        HelpedCoroutineJob.perform_later()
        assert await jobs.aperform_enqueued_jobs(only=HelpedCoroutineJob) == 1
        assert LOOPS[3:] == [asyncio.get_running_loop()]
        jobs.assert_performed_jobs(4)

    asyncio.run(test())


# Whatever is enqueued

ENQUEUED = st.lists(st.tuples(st.sampled_from([HelpedJob, HelpedOtherJob]), st.integers(0, 3)))


@given(enqueued=ENQUEUED, sought=st.integers(0, 3))
def test_counts_and_facets_agree_with_what_was_enqueued(
    enqueued: list[tuple[type[HelpedJob], int]], sought: int
) -> None:
    with recorded_jobs() as jobs:
        for cls, number in enqueued:
            cls.perform_later(number)

        for cls in (HelpedJob, HelpedOtherJob):
            expected = sum(1 for other, _ in enqueued if other is cls)
            jobs.assert_enqueued_jobs(expected, only=cls)
            jobs.assert_enqueued_jobs(len(enqueued) - expected, except_=cls)
        if (HelpedJob, sought) in enqueued:
            assert jobs.assert_enqueued_with(job=HelpedJob, args=[sought]).arguments == [sought]
        else:
            with pytest.raises(AssertionError):
                jobs.assert_enqueued_with(job=HelpedJob, args=[sought])
        assert jobs.perform_enqueued_jobs() == len(enqueued)
        jobs.assert_performed_jobs(len(enqueued))


def test_each_use_starts_with_empty_lists() -> None:
    for _ in range(2):
        with recorded_jobs() as jobs:
            assert (jobs.enqueued_jobs, jobs.performed_jobs) == ([], [])
            assert isinstance(jobs.queue_adapter, TestAdapter)
            with jobs.perform_enqueued_jobs():
                HelpedJob.perform_later()
            HelpedJob.perform_later()


# Functions that are jobs


@job(queue="mails")
def send_helped_mail(user_id: int, template: str = "plain") -> None:
    raise AssertionError("called instead of enqueued")


def test_a_function_that_is_a_job_is_named_like_a_class(jobs: JobAssertions) -> None:
    with jobs.assert_enqueued_with(job=send_helped_mail, args=[7], queue="mails"):
        send_helped_mail.perform_later(7)
    HelpedJob.perform_later()

    jobs.assert_enqueued_jobs(1, only=send_helped_mail)
    jobs.assert_enqueued_jobs(2, only=[send_helped_mail, HelpedJob])
    jobs.assert_enqueued_jobs(1, except_=send_helped_mail)
    with jobs.assert_no_performed_jobs(except_=send_helped_mail):
        send_helped_mail.perform_later(8)
    assert jobs.perform_enqueued_jobs(except_=[send_helped_mail]) == 1
