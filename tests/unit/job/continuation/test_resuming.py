"""What happens around a run that stops: callbacks, counters, the job that is enqueued again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from samovar import (
    ArgumentError,
    Continuable,
    DeserializationError,
    EnqueueError,
    Interrupt,
    Job,
    PayloadError,
    SchedulingNotSupportedError,
    Step,
    after_perform,
    around_perform,
    before_perform,
    discard_on,
    retry_on,
    subscribe,
    unsubscribe,
)
from samovar.events import Event
from samovar.support import clock
from tests.unit.job.continuation.conftest import Stoppable

done: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


class ResumingParentJob(Job):
    @after_perform
    def outside(self) -> None:
        done.append("after, of the parent")


class ResumingJob(Continuable, ResumingParentJob):
    @before_perform
    def prepare(self) -> None:
        done.append("before")

    @around_perform
    def watch(self) -> Iterator[None]:
        try:
            yield
        except Interrupt as interrupt:
            done.append(type(interrupt).__name__)
            raise

    @after_perform
    def clean(self) -> None:
        done.append("after")

    def perform(self) -> str:
        @self.step(start=0)
        def items(step: Step) -> None:
            for item in range(step.cursor, 3):
                done.append(item)
                step.advance()

        return "finished"


@retry_on(ConnectionError, wait=0, attempts=3)
@discard_on(ValueError)
class ResumingAfterErrorsJob(Continuable, Job):
    def perform(self, *errors: str) -> None:
        done.append(self.resumptions)

        @self.step
        def only() -> None:
            error = errors[self.executions - 1]
            if error:
                raise {"connection": ConnectionError, "value": ValueError}[error](error)


class ResumingFailingJob(Continuable, Job):
    def perform(self) -> None:
        @self.step(start=0)
        def items(step: Step) -> None:
            if step.cursor == 1:
                raise RuntimeError("at 1")
            step.advance()
            raise RuntimeError("after 0")


class ResumingAtOnceJob(ResumingJob):
    resume_options = {"wait": 0}  # noqa: RUF012


def test_own_callbacks_see_the_interrupt_pass(adapter: Stoppable) -> None:
    adapter.stop(always=True)

    assert ResumingJob.perform_now() is None

    assert done == ["before", 0, "Interrupt", "after, of the parent"]


def test_the_job_object_goes_on_too(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    job = ResumingJob()
    job.perform_now()
    adapter.stop(always=False)

    assert job.perform_now() == "finished"

    assert [item for item in done if isinstance(item, int)] == [0, 1, 2]
    assert job.resumptions == 1


def test_progress_of_an_earlier_run_is_none_of_this_one(adapter: Stoppable) -> None:
    job = ResumingFailingJob()
    assert job.perform_now() is None

    with pytest.raises(RuntimeError, match="at 1"):
        job.perform_now()


def test_an_interrupted_step_is_told_as_such(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    told: list[Any] = []

    @subscribe("step.active_job")
    def hear(event: Event) -> None:
        told.append((event.payload["interrupted"], event.payload["exception"][0]))

    ResumingJob.perform_now()
    unsubscribe(hear)

    assert told == [(True, "Interrupt")]


def test_a_step_that_failed_before_any_progress_stays_current_as_in_ruby(
    adapter: Stoppable,
) -> None:
    ResumingAfterErrorsJob.perform_now("connection", "connection", "")
    first = adapter.requests[-1].data
    assert first["continuation"] == {"completed": [], "current": ["only", None]}
    assert first["resumptions"] == 0

    adapter.perform_last()
    assert adapter.requests[-1].data["resumptions"] == 1
    adapter.perform_last()

    assert done == [0, 1, 2]
    assert len(adapter.requests) == 2


def test_an_error_without_progress_reaches_the_handlers(adapter: Stoppable) -> None:
    assert isinstance(ResumingAfterErrorsJob.perform_now("value"), ValueError)
    assert adapter.requests == []


def test_the_wait_of_nothing_is_due_now(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    before = clock.now_ns()

    ResumingAtOnceJob.perform_now()

    assert adapter.requests[-1].due_ns is not None
    assert before <= adapter.requests[-1].due_ns <= clock.now_ns()


def test_an_adapter_that_cannot_wait_tells_how_to_mend_it(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    adapter.refuses = SchedulingNotSupportedError("it is inline")

    with pytest.raises(
        SchedulingNotSupportedError, match=r'resume_options = {"wait": 0}'
    ) as raised:
        ResumingJob.perform_now()

    assert isinstance(raised.value.__cause__, Interrupt)


def test_a_job_whose_rest_is_refused_is_not_lost_quietly(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    adapter.refuses = EnqueueError("full")

    with pytest.raises(EnqueueError, match="full"):
        ResumingJob.perform_now()


def test_payloads_without_counters_stay_without(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    data = ResumingJob().serialize()
    del data["exception_executions"]

    Job.deserialize(data).perform_now()

    assert adapter.requests[-1].data["exception_executions"] is None


@pytest.mark.parametrize(
    "continuation",
    [
        "x",
        [],
        {"completed": "x"},
        {"completed": [1]},
        {"completed": [], "current": ["items"]},
        {"completed": [], "current": 7},
        {"completed": [], "current": [7, 1]},
        {"completed": [], "current": ["items", {"_aj_serialized": "Nobody", "value": 1}]},
    ],
)
def test_what_cannot_be_read_fails_the_run(adapter: Stoppable, continuation: Any) -> None:
    data = {**ResumingJob().serialize(), "continuation": continuation}
    job: Any = Job.deserialize(data)

    with pytest.raises(DeserializationError):
        job.perform_now()

    assert job.executions == 1
    assert job.serialize()["continuation"] == continuation


def test_resumptions_are_a_number(adapter: Stoppable) -> None:
    with pytest.raises(PayloadError, match="resumptions"):
        Job.deserialize({**ResumingJob().serialize(), "resumptions": "many"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"resume_options": {"waits": 1}}, "unknown key 'waits'"),
        ({"resume_options": {"wait": "soon"}}, "wait is 'soon'"),
        ({"resume_options": 5}, "expected a dict"),
        ({"max_resumptions": -1}, "max_resumptions is -1"),
        ({"max_resumptions": True}, "max_resumptions is True"),
    ],
)
def test_options_are_checked_when_the_class_is_made(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        type("ResumingMistakenJob", (Continuable, Job), body)
