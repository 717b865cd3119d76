"""What an attack on the interface found, once mended."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from samovar import (
    ArgumentError,
    Continuable,
    CurrentAttributes,
    EnqueueError,
    Job,
    PayloadError,
    after_enqueue,
    around_perform,
    before_perform,
    job,
    retry_on,
)
from samovar.job.job_data import EnqueueRequest, Receipt
from samovar.queue_adapters.async_pool import AsyncAdapter
from tests.support.applications import Recording
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("recording", "nothing_travels")

FOUND: ContextVar[int] = ContextVar("found", default=0)


class HardCurrent(CurrentAttributes):
    number: int = 0


class HardAfterJob(Job):
    told: list[str]

    @after_enqueue(when=lambda job: job.successfully_enqueued)
    def tell(self) -> None:
        self.told.append(self.job_id)

    def perform(self) -> None: ...


class HardAroundJob(Job):
    @around_perform
    def wrap(self) -> Generator[None, None, None]:
        yield

    def perform(self) -> None:
        raise StopAsyncIteration


class HardStepJob(Continuable, Job):
    def perform(self) -> None:
        raise StopAsyncIteration


class HardContextJob(Job):
    @before_perform
    async def look_up(self) -> None:
        FOUND.set(5)

    @around_perform
    async def wrap(self) -> AsyncGenerator[None, None]:
        with HardCurrent.set(number=7):
            yield

    def perform(self) -> tuple[int, int]:
        return FOUND.get(), HardCurrent.number


@retry_on(KeyError, wait=0, jitter=0)
class HardRetriedJob(Job):
    def perform(self) -> None:
        raise KeyError


@job
def hard_note(path: str) -> None:
    Path(path).write_text("performed")


class Full(Recording):
    """Refuses every job."""

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        raise EnqueueError("full")


def test_an_after_callback_may_ask_what_came_of_the_enqueue() -> None:
    made = HardAfterJob()
    made.told = []

    made.enqueue()

    assert made.told == [made.job_id]


@pytest.mark.parametrize("job_class", [HardAroundJob, HardStepJob])
def test_an_around_lets_a_jobs_own_stop_async_iteration_pass(job_class: type[Job]) -> None:
    with pytest.raises(StopAsyncIteration):
        job_class.perform_now()


def test_what_coroutine_callbacks_set_in_their_context_the_job_sees() -> None:
    assert HardContextJob.perform_now() == (5, 7)


def test_a_retry_that_is_refused_softly_is_not_taken_for_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Job, "queue_adapter", Full())

    with pytest.raises(EnqueueError, match="full"):
        HardRetriedJob.perform_now()


@pytest.mark.parametrize(
    "options",
    [
        {"wait": 3e11},
        {"wait": timedelta.max},
        {"wait_until": datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))},
    ],
    ids=repr,
)
def test_a_time_that_no_payload_can_hold_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="wait"):
        HardAroundJob.set(**options).perform_later()


def test_an_early_time_is_written_with_four_digits_of_the_year() -> None:
    made = HardAroundJob().set(wait_until=datetime(1, 2, 3, tzinfo=UTC))

    assert made.serialize()["scheduled_at"] == "0001-02-03T00:00:00.000000000Z"


def test_a_time_out_of_range_in_a_payload_is_a_bad_payload() -> None:
    data = {**HardAroundJob().serialize(), "scheduled_at": "0001-01-01T00:00:00+14:00"}

    with pytest.raises(PayloadError, match="scheduled_at"):
        Job.deserialize(data)


def test_an_around_that_a_subclass_overrides_with_a_plain_method_is_refused() -> None:
    with pytest.raises(ArgumentError, match="wrap must be a generator function"):

        class HardOverridingJob(HardAroundJob):  # pyright: ignore[reportUnusedClass]
            def wrap(self) -> None: ...  # type: ignore[override]  # pyright: ignore


def test_the_async_adapter_works_in_a_forked_child(tmp_path: Any) -> None:
    adapter = AsyncAdapter()
    adapter.enqueue(EnqueueRequest(hard_note.new(str(tmp_path / "parent")).serialize()))
    eventually((tmp_path / "parent").exists)

    if (child := os.fork()) == 0:
        try:
            adapter.enqueue(EnqueueRequest(hard_note.new(str(tmp_path / "child")).serialize()))
            adapter.close(10)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert (tmp_path / "child").exists()
    adapter.close(10)
