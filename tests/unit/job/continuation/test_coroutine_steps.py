"""Steps of coroutine jobs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from samovar import Continuable, Interrupt, InvalidStepError, Job, Step
from tests.unit.job.continuation.conftest import Stoppable

done: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


class AwaitingJob(Continuable, Job):
    async def perform(self, count: int) -> str:
        await self.step(self.load)

        @self.step(start=0)
        async def items(step: Step) -> None:
            for item in range(step.cursor, count):
                await asyncio.sleep(0)
                done.append(item)
                step.advance()

        await items
        await self.step(self.finish)
        return "finished"

    async def load(self) -> None:
        await asyncio.sleep(0)
        done.append("load")

    def finish(self) -> None:
        done.append("finish")


class AwaitingForgetfulJob(Continuable, Job):
    async def perform(self, forgets: str) -> None:
        step = self.step(self.load)
        if forgets == "until the next":
            self.step(self.finish)
        elif forgets == "until the next coroutine":
            await self.step(self.finish_later)
        elif forgets == "to wait for it":
            task = asyncio.ensure_future(step)
            await asyncio.sleep(0)
            task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def load(self) -> None:
        await asyncio.sleep(0.01)
        done.append("load")

    def finish(self) -> None:
        done.append("finish")

    async def finish_later(self) -> None:
        done.append("finish")


class AwaitingSideBySideJob(Continuable, Job):
    async def perform(self) -> None:
        first = self.step(self.one)
        task = asyncio.ensure_future(first)
        await asyncio.sleep(0)
        try:
            await self.step(self.two)
        finally:
            await task

    async def one(self) -> None:
        await asyncio.sleep(0.01)

    async def two(self) -> None: ...


class NotAwaitingJob(Continuable, Job):
    def perform(self) -> None:
        _ = self.step(self.load)

    async def load(self) -> None:
        done.append("load")


def test_its_steps_run_as_they_are_awaited(adapter: Stoppable) -> None:
    assert AwaitingJob.perform_now(2) == "finished"

    assert done == ["load", 0, 1, "finish"]


def test_on_the_callers_loop_too(adapter: Stoppable) -> None:
    assert asyncio.run(AwaitingJob.aperform_now(2)) == "finished"

    assert done == ["load", 0, 1, "finish"]


@pytest.mark.parametrize("on_own_loop", [True, False])
def test_it_stops_and_goes_on(adapter: Stoppable, on_own_loop: bool) -> None:
    adapter.stops = lambda job: job.continuation.current and job.continuation.current.cursor == 2
    if on_own_loop:
        assert asyncio.run(AwaitingJob.aperform_now(3)) is None
    else:
        assert AwaitingJob.perform_now(3) is None
    assert done == ["load", 0, 1]

    adapter.stop(always=False)
    assert adapter.perform_last() == "finished"

    assert done == ["load", 0, 1, 2, "finish"]


@pytest.mark.parametrize("forgets", ["for ever", "until the next", "until the next coroutine"])
def test_a_step_that_is_not_awaited_is_an_error(adapter: Stoppable, forgets: str) -> None:
    with pytest.raises(InvalidStepError, match="'load' was never awaited"):
        AwaitingForgetfulJob.perform_now(forgets)

    assert done == []
    assert adapter.requests == []


def test_so_is_one_that_still_runs_at_the_end(adapter: Stoppable) -> None:
    with pytest.raises(InvalidStepError, match="'load' still runs"):
        AwaitingForgetfulJob.perform_now("to wait for it")


def test_so_is_a_coroutine_step_of_a_job_that_cannot_await(adapter: Stoppable) -> None:
    with pytest.raises(InvalidStepError, match="'load' was never awaited"):
        NotAwaitingJob.perform_now()


def test_steps_do_not_run_side_by_side(adapter: Stoppable) -> None:
    with pytest.raises(InvalidStepError, match="'two' is nested inside the step 'one'"):
        AwaitingSideBySideJob.perform_now()


def test_a_step_is_awaited_once(adapter: Stoppable) -> None:
    job = AwaitingJob(1)

    async def twice() -> None:
        step = job.step(job.load)
        await step
        await step

    with pytest.raises((InvalidStepError, RuntimeError)):
        asyncio.run(twice())
    assert done == ["load"]


def test_a_checkpoint_leaves_the_coroutine_as_an_interrupt(adapter: Stoppable) -> None:
    adapter.stop(always=True)
    job = AwaitingJob(1)

    async def load() -> None:
        @job.step
        async def load(step: Step) -> None:
            try:
                step.checkpoint()
            except Exception:  # which an Interrupt is not
                done.append("caught")

        await load

    with pytest.raises(Interrupt, match="Interrupted at 'load', cursor 'nil' \\(stopping\\)"):
        asyncio.run(load())
    assert done == []
