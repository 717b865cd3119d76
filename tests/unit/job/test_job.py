"""A job's verbs: enqueue and perform, now and later, one and many."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from samovar import ArgumentError, EnqueueError, Job, perform_all_later
from samovar.errors import DuplicateJobNameError, PerformInsideLoopError
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt
from tests.support.applications import Recording, application

VISITOR: ContextVar[str] = ContextVar("visitor", default="nobody")


class AddJob(Job):
    queue_as = "sums"
    priority = 10

    def perform(self, one: int, other: int = 1, *, times: int = 1) -> int:
        return (one + other) * times


class CoroutineJob(Job):
    async def perform(self, seconds: float) -> tuple[str, str]:
        await asyncio.sleep(seconds)
        return threading.current_thread().name, VISITOR.get()


class PickyJob(Job):
    def choose_queue(self) -> str:
        return "high" if self.arguments[0] > 5 else "low"

    def choose_priority(self) -> int:
        return int(self.arguments[0])

    def perform(self, size: int) -> None: ...


class Refusing(Recording):
    def enqueue(self, request: EnqueueRequest) -> Receipt:
        raise EnqueueError("full")

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        return [
            TAKEN if index % 2 else Receipt(refusal=EnqueueError("full"))
            for index, _ in enumerate(requests)
        ]


@pytest.mark.usefixtures("recording")
class TestPerformNow:
    def test_it_returns_what_perform_returned(self) -> None:
        assert AddJob.perform_now(2) == 3
        assert AddJob.perform_now(2, 3, times=2) == 10
        assert AddJob(4, times=3).perform_now() == 15

    def test_a_run_counts_as_an_execution(self) -> None:
        job = AddJob(1)
        job.perform_now()
        job.perform_now()

        assert job.executions == 2

    def test_wrong_arguments_are_an_error_of_perform(self) -> None:
        with pytest.raises(TypeError):
            AddJob.perform_now()  # type: ignore[call-arg]

    def test_a_job_without_perform_says_so(self) -> None:
        class IdleJob(Job):
            pass

        with pytest.raises(NotImplementedError, match="IdleJob must define perform"):
            IdleJob.perform_now()

    def test_a_coroutine_runs_on_the_event_loop_with_the_callers_context(self) -> None:
        token = VISITOR.set("somebody")
        try:
            thread, visitor = CoroutineJob.perform_now(0)
        finally:
            VISITOR.reset(token)

        assert (thread, visitor) == ("samovar-loop", "somebody")

    def test_a_coroutine_job_inside_a_loop_names_the_right_verb(self) -> None:
        async def inside() -> None:
            CoroutineJob.perform_now(0)

        with pytest.raises(PerformInsideLoopError, match=r"await CoroutineJob\.aperform_now"):
            asyncio.run(inside())

    def test_aperform_now_awaits_it_there(self) -> None:
        async def inside() -> Any:
            return await CoroutineJob.aperform_now(0), await AddJob.aperform_now(1)

        (thread, _), total = asyncio.run(inside())

        assert (thread, total) == (threading.current_thread().name, 2)


class TestPerformLater:
    def test_it_returns_the_job_that_was_enqueued(self, recording: Recording) -> None:
        job = AddJob.perform_later(1, times=2)

        assert job
        assert job.successfully_enqueued
        (request,) = recording.requests
        assert request.data["job_id"] == job.job_id
        assert request.data["queue_name"] == "sums"
        assert request.data["priority"] == 10

    def test_a_job_that_was_built_is_used_as_it_is(self, recording: Recording) -> None:
        job = AddJob(1)

        assert AddJob.perform_later(job) is job  # type: ignore[arg-type]
        assert job.enqueue() is job
        assert [request.data["job_id"] for request in recording.requests] == [job.job_id] * 2

    def test_a_soft_refusal_is_false_and_noted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with application(queue_adapter="inline"):
            monkeypatch.setattr(AddJob, "queue_adapter", Refusing())
            job = AddJob(1)

            assert AddJob.perform_later(job) is False  # type: ignore[arg-type]
            assert job.successfully_enqueued is False
            assert isinstance(job.enqueue_error, EnqueueError)

            monkeypatch.setattr(AddJob, "queue_adapter", Recording())
            assert job.enqueue() is job
            assert job.enqueue_error is None

    def test_aperform_later_enqueues_without_blocking_the_loop(self, recording: Recording) -> None:
        async def inside() -> Any:
            return await AddJob.set(queue="other").aperform_later(1)

        job = asyncio.run(inside())

        assert recording.requests[0].data["job_id"] == job.job_id
        assert recording.requests[0].data["queue_name"] == "other"

    def test_queue_and_priority_may_depend_on_the_arguments(self, recording: Recording) -> None:
        PickyJob.perform_later(3)
        PickyJob.perform_later(9)

        seen = [(r.data["queue_name"], r.data["priority"]) for r in recording.requests]
        assert seen == [("low", 3), ("high", 9)]

    def test_set_beats_the_class(self, recording: Recording) -> None:
        AddJob.set(queue="other", priority=1).perform_later(1)

        data = recording.requests[0].data
        assert (data["queue_name"], data["priority"]) == ("other", 1)

    def test_prefix_delimiter_and_mapping_make_the_real_queue(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = {
            "queue_name_prefix": "shop",
            "queue_name_delimiter": ".",
            "queue_names": {"sums": "totals"},
            "default_queue_name": "usual",
            "default_priority": 5,
        }
        with application(queue_adapter="inline", **settings):
            assert AddJob(1).serialize()["queue_name"] == "shop.totals"
            assert CoroutineJob(0.0).serialize()["queue_name"] == "shop.usual"
            assert CoroutineJob(0.0).serialize()["priority"] == 5
            assert AddJob(1).set(queue="b").serialize()["queue_name"] == "shop.b"

    def test_a_wait_is_a_time_on_the_request(self, recording: Recording) -> None:
        AddJob.set(wait=timedelta(hours=1)).perform_later(1)
        noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
        AddJob.set(wait=5, wait_until=noon).perform_later(1)

        first, second = recording.requests
        assert first.due_ns is not None
        assert first.data["scheduled_at"] > first.data["enqueued_at"]
        assert second.data["scheduled_at"] == "2030-01-01T12:00:00.000000000Z"

    @pytest.mark.parametrize(
        "options",
        [{"wait_until": datetime(2030, 1, 1)}, {"wait_until": date(2030, 1, 1)}, {"wait": "soon"}],
    )
    def test_times_of_no_use_are_refused(
        self, recording: Recording, options: dict[str, Any]
    ) -> None:
        with pytest.raises(ArgumentError, match="wait"):
            AddJob.set(**options).perform_later(1)
        assert recording.requests == []


class TestBulk:
    def test_perform_bulk_takes_tuples_and_dicts_in_one_call(self, recording: Recording) -> None:
        jobs = AddJob.perform_bulk(
            [
                (1, 2),
                [3],
                {
                    "arguments": [4],
                    "keyword_arguments": {"times": 2},
                    "queue": "high",
                    "priority": 1,
                },
            ]
        )

        assert recording.bulk_calls == 1
        assert [type(job) for job in jobs] == [AddJob] * 3
        assert [job.queue_name for job in jobs] == ["sums", "sums", "high"]
        assert all(job.successfully_enqueued for job in jobs)

    @pytest.mark.parametrize("item", [5, "ab", {"argument": [1]}, None])
    def test_items_of_no_use_are_refused_before_anything_is_enqueued(
        self, recording: Recording, item: object
    ) -> None:
        with pytest.raises(ArgumentError, match="perform_bulk"):
            AddJob.perform_bulk([(1,), item])
        assert recording.requests == []

    def test_perform_all_later_takes_jobs_and_lists_and_returns_nothing(
        self, recording: Recording
    ) -> None:
        answer = perform_all_later(AddJob(1), [PickyJob(2), AddJob(3)])  # type: ignore[func-returns-value]

        assert answer is None
        assert [r.data["job_class"] for r in recording.requests] == ["AddJob", "PickyJob", "AddJob"]

    def test_one_bulk_call_for_each_adapter(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Recording()
        monkeypatch.setattr(PickyJob, "queue_adapter", other)

        perform_all_later(AddJob(1), PickyJob(2), AddJob(3))

        assert (recording.bulk_calls, len(recording.requests)) == (1, 2)
        assert (other.bulk_calls, len(other.requests)) == (1, 1)

    def test_each_job_tells_whether_it_was_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with application(queue_adapter="inline"):
            monkeypatch.setattr(AddJob, "queue_adapter", Refusing())

            jobs = AddJob.perform_bulk([(1,), (2,)])

        assert [job.successfully_enqueued for job in jobs] == [False, True]


class TestNames:
    def test_two_classes_of_one_name_are_refused_and_both_named(self) -> None:
        class First(Job):
            job_name = "Shared::Name"

        with pytest.raises(DuplicateJobNameError, match=r"Shared::Name.*First.*Second"):

            class Second(Job):
                job_name = "Shared::Name"

        assert First.job_name == "Shared::Name"

    def test_the_same_definition_again_replaces(self) -> None:
        def define() -> type[Job]:
            class AgainJob(Job):
                pass

            return AgainJob

        first, second = define(), define()

        assert first is not second
        assert type(Job.deserialize({"job_class": "AgainJob", "arguments": []})) is second

    def test_an_adapter_of_nonsense_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with application(queue_adapter="inline"):
            monkeypatch.setattr(AddJob, "queue_adapter", 5)
            with pytest.raises(ArgumentError, match="queue_adapter is 5"):
                AddJob.perform_later(1)


def test_a_task_that_exits_does_not_end_the_loop_of_the_other_jobs() -> None:
    class StrayTaskJob(Job):
        async def perform(self) -> str:
            async def leave() -> None:
                raise SystemExit(1)

            task = asyncio.get_running_loop().create_task(leave())
            while not task.done():
                await asyncio.sleep(0)
            task.exception()
            return "done"

    with application(queue_adapter="inline"):
        assert StrayTaskJob.perform_now() == "done"
        assert CoroutineJob.perform_now(0)[0] == "samovar-loop"
