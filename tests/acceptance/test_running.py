"""A job's run and its surroundings; the numbers are those of the acceptance list."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

import pytest

from samovar import (
    ArgumentError,
    Job,
    around_execute,
    around_perform,
    before_perform,
    current_locale,
    current_timezone,
    rescue_from,
    subscribe,
    unsubscribe,
    use_timezone,
)
from samovar.errors import PerformInsideLoopError
from samovar.events import Event
from samovar.job import execution
from samovar.job.context import CURRENT_JOB
from tests.support.applications import Recording
from tests.support.performing import WAYS, Perform, delivered

pytestmark = pytest.mark.usefixtures("recording")

LEFT: ContextVar[str] = ContextVar("left", default="nothing")


def surroundings() -> tuple[str, str | None, Any]:
    return current_locale(), current_timezone(), CURRENT_JOB.get()


class RunPlacedJob(Job):
    """Tells where its perform, its callbacks and its error handlers run."""

    def perform(self, fails: bool = False) -> Any:
        if fails:
            raise LookupError
        return surroundings()


class RunCoroutineJob(RunPlacedJob):
    async def perform(self, fails: bool = False) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return RunPlacedJob.perform(self, fails)


@pytest.mark.parametrize("perform", WAYS)
@pytest.mark.parametrize("job_class", [RunPlacedJob, RunCoroutineJob])
def test_66_perform_sees_the_jobs_locale_and_zone(
    perform: Perform, job_class: type[RunPlacedJob]
) -> None:
    with use_timezone("Europe/London"):
        job = job_class()
    job.locale = "de"

    assert perform(job) == ("de", "Europe/London", job)
    assert surroundings() == ("en", None, None)


@pytest.mark.parametrize("perform", WAYS)
def test_66_handlers_and_callbacks_see_them_too(perform: Perform) -> None:
    seen: list[Any] = []

    @rescue_from(LookupError, with_=lambda job, error: seen.append(surroundings()))
    class RunHandledJob(RunPlacedJob):
        @before_perform
        def look(self) -> None:
            seen.append(surroundings())

    with use_timezone("Europe/London"):
        job = RunHandledJob(True)
    job.locale = "de"
    perform(job)

    assert seen == [("de", "Europe/London", job)] * 2
    assert surroundings() == ("en", None, None)


@pytest.mark.parametrize("perform", WAYS)
def test_66_they_are_put_back_after_an_error(perform: Perform) -> None:
    with use_timezone("Europe/London"):
        job = RunPlacedJob(True)
    job.locale = "de"

    with pytest.raises(LookupError):
        perform(job)
    assert surroundings() == ("en", None, None)


def test_66_the_events_of_the_run_are_announced_inside_of_them() -> None:
    places: list[Any] = []

    def note(event: Event) -> None:
        places.append((event.name, *surroundings()))

    for name in ("perform_start.active_job", "perform.active_job"):
        subscribe(name)(note)
    job = RunPlacedJob()
    job.locale = "de"
    try:
        job.perform_now()
    finally:
        unsubscribe(note)

    assert places == [
        ("perform_start.active_job", "de", None, job),
        ("perform.active_job", "de", None, job),
    ]


@pytest.mark.parametrize("perform", [*WAYS, delivered])
def test_67_a_job_keeps_the_zone_it_was_made_in(perform: Perform) -> None:
    with use_timezone("Hawaii"):
        job = RunPlacedJob()

    with use_timezone("Europe/London"):
        assert perform(job)[1] == "Hawaii"
        assert current_timezone() == "Europe/London"


def test_67_jobs_that_a_job_enqueues_are_made_in_its_surroundings(recording: Recording) -> None:
    class RunParentJob(Job):
        def perform(self) -> None:
            RunPlacedJob.perform_later()

    with use_timezone("Hawaii"):
        job = RunParentJob()
    job.locale = "de"
    job.perform_now()

    data = recording.requests[0].data
    assert (data["locale"], data["timezone"]) == ("de", "Hawaii")


def test_a_zone_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ArgumentError, match="Invalid Timezone"), use_timezone("Mars/Olympus"):
        pass


@pytest.mark.parametrize("perform", WAYS)
def test_the_current_job_is_the_inner_one_in_a_nested_run(perform: Perform) -> None:
    class RunNestedJob(Job):
        def perform(self) -> Any:
            inner = RunPlacedJob()
            return inner.perform_now()[2] is inner and CURRENT_JOB.get() is self

    assert perform(RunNestedJob()) is True


def test_perform_must_be_defined() -> None:
    class RunEmptyJob(Job):
        pass

    with pytest.raises(NotImplementedError, match="RunEmptyJob"):
        RunEmptyJob.perform_now()


@pytest.mark.parametrize("perform", WAYS)
def test_executions_are_counted_before_anything_of_the_job_runs(perform: Perform) -> None:
    class RunCountedJob(Job):
        @before_perform
        def look(self) -> None:
            self.arguments.append(self.executions)

        def perform(self, *seen: int) -> Any:
            return seen

    job = RunCountedJob()
    assert perform(job) == (1,)
    assert perform(job) == (1, 2)


@pytest.mark.parametrize("perform", WAYS)
def test_the_adapter_is_not_touched(recording: Recording, perform: Perform) -> None:
    perform(RunPlacedJob().set(wait=60))

    assert recording.requests == []


class TestCoroutines:
    def test_perform_now_awaits_it_on_samovars_loop(self) -> None:
        class RunThreadJob(Job):
            async def perform(self) -> str:
                return threading.current_thread().name

        assert RunThreadJob.perform_now() == "samovar-loop"
        assert asyncio.run(RunThreadJob.aperform_now()) == threading.current_thread().name

    def test_inside_a_loop_perform_now_points_to_its_twin(self) -> None:
        async def inside() -> None:
            RunCoroutineJob.perform_now()

        with pytest.raises(PerformInsideLoopError, match="aperform_now"):
            asyncio.run(inside())

    def test_a_plain_job_with_asynchronous_callbacks_works_through_both_doors(self) -> None:
        class RunMixedJob(Job):
            @around_perform
            async def wrap(self) -> Any:
                await asyncio.sleep(0)
                yield

            def perform(self) -> str:
                return "done"

        assert RunMixedJob.perform_now() == "done"
        assert asyncio.run(RunMixedJob.aperform_now()) == "done"

    def test_many_at_once_do_not_mix_their_surroundings(self) -> None:
        class RunSideBySideJob(Job):
            async def perform(self, locale: str) -> Any:
                for _ in range(5):
                    await asyncio.sleep(0)
                    assert current_locale() == locale
                    assert CURRENT_JOB.get() is self
                return locale

        def placed(locale: str) -> Job:
            job = RunSideBySideJob(locale)
            job.locale = locale
            return job

        async def together() -> Any:
            return await asyncio.gather(*(placed(name).aperform_now() for name in "abcdef"))

        assert asyncio.run(together()) == list("abcdef")

    def test_a_value_that_can_be_awaited_is_awaited(self) -> None:
        class RunAwaitableJob(Job):
            def perform(self) -> Any:
                async def later() -> str:
                    return "later"

                return later()

        assert RunAwaitableJob.perform_now() == "later"
        assert asyncio.run(RunAwaitableJob.aperform_now()) == "later"


class TestDelivery:
    def test_around_execute_wraps_what_is_delivered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(execution, "_around_execute", [])
        trace: list[str] = []

        @around_execute
        def outer(job: object) -> Generator[None, None, None]:
            trace.append(f"outer, in: {type(job).__name__}")
            yield
            trace.append("outer, out")

        @around_execute
        def inner(job: object) -> Generator[None, None, None]:
            trace.append("inner, in")
            try:
                yield
            finally:
                trace.append("inner, out")

        class RunWrappedJob(Job):
            def perform(self, fails: bool = False) -> None:
                trace.append("perform")
                if fails:
                    raise LookupError

        delivered(RunWrappedJob())
        assert trace == [
            "outer, in: RunWrappedJob",
            "inner, in",
            "perform",
            "inner, out",
            "outer, out",
        ]

        trace.clear()
        with pytest.raises(LookupError):
            delivered(RunWrappedJob(True))
        assert trace == ["outer, in: RunWrappedJob", "inner, in", "perform", "inner, out"]

        trace.clear()
        RunWrappedJob.perform_now()
        assert trace == ["perform"]

    def test_around_execute_takes_a_generator_function(self) -> None:
        with pytest.raises(ArgumentError, match="generator"):
            around_execute(lambda job: None)  # type: ignore[arg-type,return-value]

    def test_what_a_job_leaves_in_context_variables_is_gone(self) -> None:
        class RunLeavingJob(Job):
            def perform(self) -> str:
                before = LEFT.get()
                LEFT.set("something")
                return before

        assert delivered(RunLeavingJob()) == "nothing"
        assert delivered(RunLeavingJob()) == "nothing"
        assert LEFT.get() == "nothing"

    def test_arguments_are_copies(self) -> None:
        class RunCopyingJob(Job):
            def perform(self, items: list[int]) -> list[int]:
                items.append(1)
                return items

        items: list[int] = []
        assert delivered(RunCopyingJob(items)) == [1]
        assert items == []
