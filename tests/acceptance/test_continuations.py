"""Continuations and attributes; the numbers are those of the acceptance list."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from samovar import (
    ArgumentError,
    Attributes,
    Continuable,
    DeserializationError,
    InvalidStepError,
    Job,
    ResumeLimitError,
    UnadvanceableCursorError,
    attribute,
    discard_on,
    register_model,
    retry_on,
    subscribe,
    unsubscribe,
)
from samovar.events import Event
from samovar.job.job_data import EnqueueRequest, Receipt, dumps, loads
from tests.support.applications import Recording, application
from tests.support.log import every_job_logged

#: What the steps of a test did, in order.
done: list[Any] = []


class Stoppable(Recording):
    """Stops jobs when the test says so."""

    name = "stoppable"
    stops: Callable[[Any], object] = staticmethod(lambda _: False)

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        return super().enqueue(EnqueueRequest(loads(dumps(request.data)), request.due_ns))

    def stopping(self, job: object = None) -> object:
        return self.stops(job)

    def stop_after(self, step: str, reason: object = True) -> None:
        self.stops = lambda job: (
            job.continuation.current is None
            and job.continuation.completed[-1:] == [step]
            and reason
        )

    def stop_at(self, cursor: Any, reason: object = True) -> None:
        self.stops = lambda job: (
            job.continuation.current is not None
            and job.continuation.current.cursor == cursor
            and reason
        )

    def stop_never(self) -> None:
        self.stops = lambda _: False

    @property
    def last(self) -> Mapping[str, Any]:
        return self.requests[-1].data

    def perform_last(self) -> Any:
        """Performs what was enqueued last, out of its JSON."""
        return Job.execute(dict(self.last))


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stoppable]:
    stoppable = Stoppable()
    done.clear()
    with application(queue_adapter="inline"):
        monkeypatch.setattr(Job, "queue_adapter", stoppable)
        yield stoppable


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """The events of steps, in order."""
    events: list[Event] = []
    hear = events.append
    subscribe(re.compile("^(interrupt|resume|step.*)[.]active_job$"))(hear)
    yield events
    unsubscribe(hear)


class ContinuedLinearJob(Continuable, Job):
    def perform(self) -> None:
        for name in ("one", "two", "three", "four"):
            self.step(lambda name=name: done.append(name), name=name)  # type: ignore[misc]


class ContinuedLoopJob(Continuable, Job):
    def perform(self, count: int) -> None:
        @self.step(start=0)
        def items(step: Any) -> None:
            for item in range(step.cursor, count):
                done.append(item)
                step.advance()


class ContinuedErrorJob(Continuable, Job):
    """Fails at an item, as often as it comes by it, once or twice."""

    resume_errors_after_advancing = True

    def perform(self, bad: int) -> None:
        @self.step(start=0)
        def items(step: Any) -> None:
            for item in range(step.cursor, 5):
                if item == bad:
                    raise RuntimeError("lost")
                done.append(item)
                step.advance()


def test_68_a_job_that_stopped_after_a_step_skips_it_and_finishes(adapter: Stoppable) -> None:
    adapter.stop_after("one")
    assert ContinuedLinearJob.perform_now() is None
    assert done == ["one"]
    assert len(adapter.requests) == 1

    adapter.stop_never()
    adapter.perform_last()

    assert done == ["one", "two", "three", "four"]
    assert len(adapter.requests) == 1


def test_69_a_loop_goes_on_at_its_cursor(adapter: Stoppable, heard: list[Event]) -> None:
    adapter.stop_at(3)
    ContinuedLoopJob.perform_now(6)
    assert done == [0, 1, 2]

    adapter.stop_never()
    adapter.perform_last()

    assert done == [0, 1, 2, 3, 4, 5]
    assert [event.name.removesuffix(".active_job") for event in heard] == [
        "step_started",
        "interrupt",
        "step",
        "resume",
        "step_started",
        "step",
    ]


def test_70_nothing_stops_a_job_after_its_last_step(adapter: Stoppable) -> None:
    adapter.stop_after("four")

    ContinuedLinearJob.perform_now()

    assert done == ["one", "two", "three", "four"]
    assert adapter.requests == []


def test_71_an_error_after_progress_resumes_and_without_is_raised(adapter: Stoppable) -> None:
    assert ContinuedErrorJob.perform_now(2) is None
    assert adapter.last["continuation"] == {"completed": [], "current": ["items", 2]}
    assert adapter.last["exception_executions"] == {"lost": 1}

    with pytest.raises(RuntimeError, match="lost"):
        adapter.perform_last()

    assert len(adapter.requests) == 1
    assert done == [0, 1]


class ContinuedStrayJob(Continuable, Job):
    """Does its steps in the order that the class says."""

    order: tuple[str, ...] = ("one", "two")

    def perform(self) -> None:
        for name in type(self).order:
            self.step(lambda step: step.checkpoint(), name=name)


class ContinuedNestedJob(Continuable, Job):
    def perform(self) -> None:
        @self.step
        def outer() -> None:
            self.step(lambda: None, name="inner")


class TestInvalidSteps:  # 72
    def test_72_a_step_may_not_come_twice(
        self, adapter: Stoppable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ContinuedStrayJob, "order", ("one", "one"))
        with pytest.raises(InvalidStepError, match="'one' was already met"):
            ContinuedStrayJob.perform_now()
        assert adapter.requests == []

    def test_72_a_step_may_not_be_nested(self, adapter: Stoppable) -> None:
        with pytest.raises(InvalidStepError, match="'inner' is nested inside the step 'outer'"):
            ContinuedNestedJob.perform_now()

    def test_72_the_step_that_was_begun_must_come_first(
        self, adapter: Stoppable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter.stops = lambda _: True
        ContinuedStrayJob.perform_now()
        adapter.stop_never()
        monkeypatch.setattr(ContinuedStrayJob, "order", ("two", "one"))

        with pytest.raises(InvalidStepError, match="'two', expected to resume from 'one'"):
            adapter.perform_last()

    def test_72_completed_steps_must_come_in_their_order(
        self, adapter: Stoppable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ContinuedStrayJob, "order", ("one", "two", "three"))
        adapter.stop_after("two")
        ContinuedStrayJob.perform_now()
        adapter.stop_never()
        monkeypatch.setattr(ContinuedStrayJob, "order", ("two", "one", "three"))

        with pytest.raises(InvalidStepError, match="'two', expected to see 'one'"):
            adapter.perform_last()

    @pytest.mark.parametrize("what", [42, b"one", None.__class__])
    def test_72_a_step_is_a_function(self, adapter: Stoppable, what: Any) -> None:
        if what is type(None):
            what = object()
        with pytest.raises(InvalidStepError, match="method's name"):
            ContinuedLinearJob().step(what)


class ContinuedAdvancingJob(Continuable, Job):
    def perform(self, start: Any, **options: Any) -> Any:
        reached: list[Any] = []

        @self.step(start=start)
        def only(step: Any) -> None:
            step.advance(**options)
            reached.append(step.cursor)

        return reached[0]


@pytest.mark.usefixtures("adapter")
class TestAdvancing:  # 73
    @pytest.mark.parametrize("start", [None, 1.1, True, [1], {"a": 1}, "", "é", "a-1"])
    def test_73_a_cursor_without_a_successor_cannot_advance(self, start: Any) -> None:
        with pytest.raises(UnadvanceableCursorError, match=type(start).__name__):
            ContinuedAdvancingJob.perform_now(start)

    @pytest.mark.parametrize("origin", [1.1, None])
    def test_73_nor_from_a_value_that_has_none(self, origin: Any) -> None:
        with pytest.raises(UnadvanceableCursorError):
            ContinuedAdvancingJob.perform_now(1, from_=origin)

    def test_73_integers_advance(self) -> None:
        assert ContinuedAdvancingJob.perform_now(1) == 2
        assert ContinuedAdvancingJob.perform_now(None, from_=1) == 2


class ContinuedLimitedJob(ContinuedLoopJob):
    max_resumptions = 2


class ContinuedLimitedErrorJob(Continuable, Job):
    max_resumptions = 2

    def perform(self) -> None:
        @self.step(start=0)
        def items(step: Any) -> None:
            step.advance()
            raise RuntimeError("lost")


@discard_on(ResumeLimitError, then=lambda job, error: done.append(error.__cause__))
class ContinuedDiscardingJob(ContinuedLimitedErrorJob):
    pass


class TestMaxResumptions:  # 74
    def test_74_the_third_interruption_is_too_much(self, adapter: Stoppable) -> None:
        adapter.stops = lambda _: True
        ContinuedLimitedJob.perform_now(9)
        adapter.perform_last()

        with pytest.raises(ResumeLimitError, match="resumed 2 times"):
            adapter.perform_last()

        assert done == [0, 1, 2]
        assert [request.data["resumptions"] for request in adapter.requests] == [0, 1]

    def test_74_the_third_error_is_too_much(self, adapter: Stoppable) -> None:
        ContinuedLimitedErrorJob.perform_now()
        adapter.perform_last()

        with pytest.raises(ResumeLimitError) as raised:
            adapter.perform_last()

        assert isinstance(raised.value.__cause__, RuntimeError)

    def test_74_handlers_deal_with_it(self, adapter: Stoppable) -> None:
        ContinuedDiscardingJob.perform_now()
        adapter.perform_last()

        assert isinstance(adapter.perform_last(), ResumeLimitError)

        assert [str(cause) for cause in done] == ["lost"]


class ContinuedStrictJob(ContinuedErrorJob):
    resume_errors_after_advancing = False


def test_75_errors_are_raised_when_they_shall_not_resume(adapter: Stoppable) -> None:
    with pytest.raises(RuntimeError, match="lost"):
        ContinuedStrictJob.perform_now(2)

    assert adapter.requests == []


class ContinuedElsewhereJob(ContinuedLoopJob):
    resume_options = {"queue": "other", "wait": 60, "priority": 7}  # noqa: RUF012


def test_76_resume_options_are_used(adapter: Stoppable) -> None:
    adapter.stop_at(1)

    job = ContinuedElsewhereJob(9)
    job.perform_now()

    assert adapter.last["queue_name"] == "other"
    assert adapter.last["priority"] == 7
    assert adapter.requests[-1].due_ns is not None
    assert job.queue_name == "default"


class ContinuedIsolatedJob(Continuable, Job):
    isolated: tuple[str, ...] = ("three",)

    def perform(self) -> None:
        for name in ("one", "two", "three", "four"):
            self.step(
                lambda name=name: done.append(name),  # type: ignore[misc]
                name=name,
                isolated=name in self.isolated,
            )


class ContinuedIsolatedEndsJob(ContinuedIsolatedJob):
    isolated = ("one", "four")


def runs(adapter: Stoppable, job_class: type[Continuable]) -> list[list[str]]:
    """What each run did, until none is enqueued any more."""
    found: list[list[str]] = []
    job: Any = job_class()
    job.perform_now()
    found.append(done.copy())
    while len(adapter.requests) >= len(found):
        done.clear()
        adapter.perform_last()
        found.append(done.copy())
    return found


def test_77_an_isolated_step_has_a_run_of_its_own(adapter: Stoppable, heard: list[Event]) -> None:
    assert runs(adapter, ContinuedIsolatedJob) == [["one", "two"], ["three"], ["four"]]

    reasons = [e.payload["reason"] for e in heard if e.name == "interrupt.active_job"]
    assert reasons == ["isolating", "isolating"]


def test_78_also_at_the_beginning_and_at_the_end(adapter: Stoppable) -> None:
    assert runs(adapter, ContinuedIsolatedEndsJob) == [["one"], ["two", "three"], ["four"]]


def test_79_a_payload_without_progress_begins_at_the_start(adapter: Stoppable) -> None:
    data = ContinuedLinearJob().serialize()
    for key in ("attributes", "continuation", "resumptions"):
        del data[key]

    job = Job.deserialize(data)
    job.perform_now()

    assert done == ["one", "two", "three", "four"]
    assert isinstance(job, ContinuedLinearJob)
    assert job.resumptions == 0


def test_80_the_reason_is_told_and_the_job_is_asked_about(
    adapter: Stoppable, heard: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[object] = []

    def stops(job: Any) -> object:
        asked.append(job)
        return job.continuation.current.cursor == 2 and "out_of_budget"

    adapter.stops = stops
    job = ContinuedLoopJob(9)
    with every_job_logged(caplog) as log:
        job.perform_now()

    assert asked == [job, job]
    (interrupt,) = (event for event in heard if event.name == "interrupt.active_job")
    assert interrupt.payload["reason"] == "out_of_budget"
    assert interrupt.payload["description"] == "at 'items', cursor '2'"
    assert interrupt.payload["completed_steps"] == []
    assert interrupt.payload["current_step"].name == "items"
    assert any("out_of_budget" in line for line in log.lines)


class ContinuedDaysJob(Continuable, Job):
    def perform(self) -> None:
        @self.step(start=date(2026, 1, 31))
        def days(step: Any) -> None:
            done.append(step.cursor)
            step.advance()


class ContinuedRecord:
    """Is gone when somebody looks for it."""

    id = 7


register_model(ContinuedRecord, find=lambda _: None)


@discard_on(DeserializationError)
class ContinuedRecordJob(Continuable, Job):
    def perform(self) -> None:
        @self.step
        def records(step: Any) -> None:
            step.set(ContinuedRecord())


class TestCursors:  # 81
    def test_81_a_date_is_a_date_again(self, adapter: Stoppable) -> None:
        adapter.stops = lambda _: True
        ContinuedDaysJob.perform_now()
        adapter.perform_last()

        assert done == [date(2026, 1, 31), date(2026, 2, 1)]

    def test_81_a_record_that_is_gone_reaches_the_handlers(self, adapter: Stoppable) -> None:
        adapter.stops = lambda _: True
        ContinuedRecordJob.perform_now()

        job = Job.deserialize(adapter.last)

        assert isinstance(job.perform_now(), DeserializationError)
        assert job.executions == 2

    def test_81_a_job_that_is_not_performed_passes_the_cursor_on(self, adapter: Stoppable) -> None:
        adapter.stops = lambda _: True
        ContinuedRecordJob.perform_now()

        again = Job.deserialize(adapter.last).serialize()

        assert again["continuation"] == adapter.last["continuation"]
        assert "_aj_globalid" in json.dumps(again["continuation"])


@retry_on(ConnectionError, wait=0)
class ContinuedReportJob(Continuable, Job):
    pages: int = attribute(default=0)
    rate: Decimal | None = attribute()
    day: date | None = attribute()
    title: str = attribute(default="untitled")
    is_final: bool = attribute(default=False)
    parts: list[int] = attribute(default_factory=list)

    def perform(self, number: int, *, title: str) -> None:
        done.append((number, title, self.pages, self.title))
        self.title = title.upper()
        if self.executions == 1:
            self.pages += 1
            raise ConnectionError("again")

        @self.step(start=0)
        def write(step: Any) -> None:
            self.pages += 1
            step.advance()


class ContinuedPlainAttributesJob(Attributes, Job):
    pages: int = attribute(default=3)

    def perform(self, pages: str) -> tuple[str, int]:
        return pages, self.pages


class TestAttributes:  # 82
    def test_82_what_is_assigned_is_cast(self, adapter: Stoppable) -> None:
        job: Any = ContinuedReportJob(1, title="a")

        job.pages, job.rate, job.day, job.is_final, job.title = "42", "1.50", "2026-02-03", "1", 7

        assert (job.pages, job.rate, job.day) == (42, Decimal("1.50"), date(2026, 2, 3))
        assert job.is_final is True
        assert job.title == "7"
        with pytest.raises(ArgumentError, match=r"ContinuedReportJob.pages cannot be 'many'"):
            job.pages = "many"

    def test_82_they_survive_retries_and_interruptions(self, adapter: Stoppable) -> None:
        ContinuedReportJob.perform_now(1, title="a")
        assert adapter.last["attributes"]["pages"] == 1

        adapter.stops = lambda _: True
        adapter.perform_last()
        assert adapter.last["attributes"]["pages"] == 2

        adapter.stop_never()
        adapter.perform_last()
        assert done == [(1, "a", 0, "untitled"), (1, "a", 1, "A"), (1, "a", 2, "A")]

    def test_82_unknown_names_are_ignored_and_missing_ones_have_defaults(
        self, adapter: Stoppable
    ) -> None:
        data = ContinuedReportJob(1, title="a").serialize()
        data["attributes"] = {"pages": "5", "long_gone": 1, "_aj_symbol_keys": []}

        job: Any = Job.deserialize(data)

        assert job.pages == 5
        assert (job.title, job.parts, job.rate) == ("untitled", [], None)
        del data["attributes"]
        assert Job.deserialize(data).pages == 0  # type: ignore[attr-defined]

    def test_82_keywords_are_delivered_beside_them(self, adapter: Stoppable) -> None:
        assert ContinuedPlainAttributesJob.perform_now(pages="given") == ("given", 3)
        data = ContinuedPlainAttributesJob(pages="given").serialize()
        assert list(data)[-1] == "attributes"
        assert Job.execute(json.loads(json.dumps(data))) == ("given", 3)
