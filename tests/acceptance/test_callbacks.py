"""Callbacks around enqueuing and performing; the numbers are those of the acceptance list."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    Abort,
    ArgumentError,
    Job,
    after_discard,
    after_enqueue,
    after_perform,
    around_enqueue,
    around_perform,
    before_enqueue,
    before_perform,
    discard_on,
)
from samovar.errors import PerformInsideLoopError
from tests.support.applications import Recording
from tests.support.listening import heard
from tests.support.performing import WAYS, Perform

pytestmark = pytest.mark.usefixtures("recording")


class Traced(Job, registered=False):
    """Tells what ran, in order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trace: list[Any] = []

    def perform(self, answer: Any = "performed") -> Any:
        self.trace.append("perform")
        if isinstance(answer, BaseException):
            raise answer
        return answer


class CallbackSixJob(Traced):
    @before_enqueue
    def b_enqueue(self) -> None:
        self.trace.append("before enqueue")

    @around_enqueue
    def r_enqueue(self) -> Any:
        self.trace.append("around enqueue, in")
        seen = yield
        self.trace.append(("around enqueue, out", seen))

    @after_enqueue
    def a_enqueue(self) -> None:
        self.trace.append("after enqueue")

    @before_perform
    def b_perform(self) -> None:
        self.trace.append("before")

    @around_perform
    def r_perform(self) -> Any:
        self.trace.append("around, in")
        seen = yield
        self.trace.append(("around, out", seen))

    @after_perform
    def a_perform(self) -> None:
        self.trace.append("after")


class CallbackAsyncJob(Traced):
    @before_perform
    async def b_perform(self) -> None:
        await asyncio.sleep(0)
        self.trace.append("before")

    @around_perform
    async def r_perform(self) -> Any:
        await asyncio.sleep(0)
        self.trace.append("around, in")
        seen = yield
        await asyncio.sleep(0)
        self.trace.append(("around, out", seen))

    @after_perform
    async def a_perform(self) -> None:
        await asyncio.sleep(0)
        self.trace.append("after")

    async def perform(self, answer: Any = "performed") -> Any:
        await asyncio.sleep(0)
        return super().perform(answer)


class CallbackOnionJob(Traced):
    """Before, around and after, twice over."""

    @before_perform
    def b1(self) -> None:
        self.note("b1")

    @around_perform
    def a1(self) -> Any:
        self.note("a1, in")
        try:
            yield
        finally:
            self.note("a1, out")

    @after_perform
    def f1(self) -> None:
        self.note("f1")

    @before_perform
    def b2(self) -> None:
        self.note("b2")

    @around_perform
    def a2(self) -> Any:
        self.note("a2, in")
        if "a2, in" in self.skips:
            return
        try:
            yield
        finally:
            self.note("a2, out")

    @after_perform
    def f2(self) -> None:
        self.note("f2")

    halts: str | None = None
    skips: tuple[str, ...] = ()
    fails: str | None = None

    def note(self, name: str) -> None:
        self.trace.append(name)
        if name == self.halts:
            raise Abort
        if name == self.fails:
            raise LookupError(name)


def test_63_callbacks_of_enqueue_run_in_order() -> None:
    job = CallbackSixJob()
    job.enqueue()

    assert job.trace == [
        "before enqueue",
        "around enqueue, in",
        "after enqueue",
        ("around enqueue, out", True),
    ]


@pytest.mark.parametrize("perform", WAYS)
@pytest.mark.parametrize("job_class", [CallbackSixJob, CallbackAsyncJob])
def test_63_callbacks_of_perform_run_in_order_and_see_its_value(
    perform: Perform, job_class: type[Traced]
) -> None:
    job = job_class("the value")

    assert perform(job) == "the value"
    assert job.trace == [
        "before",
        "around, in",
        "perform",
        "after",
        ("around, out", "the value"),
    ]


@pytest.mark.parametrize("perform", WAYS)
def test_63_they_nest_as_they_were_declared(perform: Perform) -> None:
    job = CallbackOnionJob()
    perform(job)

    assert job.trace == [
        "b1",
        "a1, in",
        "b2",
        "a2, in",
        "perform",
        "f2",
        "a2, out",
        "f1",
        "a1, out",
    ]


def test_63_the_value_is_performs_whatever_an_around_returns() -> None:
    class CallbackReturningJob(Traced):
        @around_perform
        def wrap(self) -> Any:
            yield
            return "the around's"

    assert CallbackReturningJob("the job's").perform_now() == "the job's"


@pytest.mark.parametrize("perform", WAYS)
def test_64_abort_halts_skips_afters_and_lets_arounds_finish(perform: Perform) -> None:
    job = CallbackOnionJob()
    job.halts = "b2"

    with heard("perform.active_job") as told:
        assert perform(job) is False

    assert job.trace == ["b1", "a1, in", "b2", "a1, out"]
    assert [event.payload.get("aborted") for event in told] == [True]


def test_64_the_around_sees_a_false_result() -> None:
    seen: list[Any] = []

    class CallbackSeeingJob(Traced):
        @around_perform
        def wrap(self) -> Any:
            seen.append((yield))

        @before_perform
        def halt(self) -> None:
            raise Abort

    CallbackSeeingJob().perform_now()

    assert seen == [False]


@pytest.mark.parametrize("perform", WAYS)
@pytest.mark.parametrize("value", [False, None, 0, ""])
def test_64_a_falsy_value_is_no_halt(perform: Perform, value: Any) -> None:
    job = CallbackSixJob(value)

    with heard("perform.active_job") as told:
        assert perform(job) is value

    assert job.trace[-2:] == ["after", ("around, out", value)]
    assert ["aborted" in event.payload for event in told] == [False]


def test_64_a_halt_is_no_discard() -> None:
    seen: list[Any] = []

    @after_discard(lambda job, error: seen.append(error))
    class CallbackHaltedJob(Traced):
        @before_perform
        def halt(self) -> None:
            raise Abort

    assert CallbackHaltedJob().perform_now() is False
    assert seen == []


def test_65_each_run_is_reported_for_itself() -> None:
    class CallbackOnceJob(Traced):
        @before_perform
        def halt_once(self) -> None:
            if self.executions == 1:
                raise Abort

    job = CallbackOnceJob()
    with heard("perform.active_job") as told:
        assert job.perform_now() is False
        assert job.perform_now() == "performed"

    assert [event.payload.get("aborted") for event in told] == [True, None]


@pytest.mark.parametrize("place", ["a1, in", "a1, out", "f1", "f2"])
def test_abort_elsewhere_is_an_error(place: str) -> None:
    job = CallbackOnionJob()
    job.halts = place

    with heard("perform.active_job") as told, pytest.raises(Abort):
        job.perform_now()

    assert ["aborted" in event.payload for event in told] == [False]


def test_abort_in_perform_is_an_error() -> None:
    with pytest.raises(Abort):
        CallbackSixJob(Abort()).perform_now()


@pytest.mark.parametrize("perform", WAYS)
def test_an_error_passes_the_arounds_and_skips_the_afters(perform: Perform) -> None:
    job = CallbackOnionJob(LookupError("in perform"))

    with pytest.raises(LookupError):
        perform(job)

    assert job.trace == ["b1", "a1, in", "b2", "a2, in", "perform", "a2, out", "a1, out"]


@pytest.mark.parametrize("place", ["b2", "a2, in", "f2", "f1"])
def test_an_error_of_a_callback_passes_the_arounds_outside_of_it(place: str) -> None:
    job = CallbackOnionJob()
    job.fails = place

    with pytest.raises(LookupError, match=place):
        job.perform_now()

    assert job.trace[-1] == "a1, out"
    assert ("f1" in job.trace) == (place == "f1")


def test_errors_of_callbacks_reach_the_handlers() -> None:
    @discard_on(LookupError)
    class CallbackDiscardedJob(CallbackOnionJob):
        fails = "b1"

    assert isinstance(CallbackDiscardedJob().perform_now(), LookupError)


@pytest.mark.parametrize("perform", WAYS)
def test_an_around_may_swallow_an_error(perform: Perform) -> None:
    class CallbackSwallowingJob(Traced):
        @around_perform
        def wrap(self) -> Any:
            try:
                yield
            except LookupError:
                self.trace.append("swallowed")

    job = CallbackSwallowingJob(LookupError())

    assert perform(job) is None
    assert job.trace == ["perform", "swallowed"]


@pytest.mark.parametrize("perform", WAYS)
def test_an_around_that_never_yields_skips_what_lies_inside_it(perform: Perform) -> None:
    job = CallbackOnionJob()
    job.skips = ("a2, in",)

    with heard("perform.active_job") as told:
        assert not perform(job)

    assert job.trace == ["b1", "a1, in", "b2", "a2, in", "f1", "a1, out"]
    assert ["aborted" in event.payload for event in told] == [False]


def test_an_around_that_yields_twice_is_told() -> None:
    class CallbackTwiceJob(Traced):
        @around_perform
        def wrap(self) -> Any:
            yield
            yield

    with pytest.raises(RuntimeError, match="wrap yielded more than once"):
        CallbackTwiceJob().perform_now()


class TestInheritance:
    def test_a_subclass_adds_and_its_parent_stays(self) -> None:
        class CallbackParentJob(Traced):
            @before_perform
            def first(self) -> None:
                self.trace.append("parent")

        class CallbackChildJob(CallbackParentJob):
            @before_perform
            def second(self) -> None:
                self.trace.append("child")

        parent, child = CallbackParentJob(), CallbackChildJob()
        parent.perform_now()
        child.perform_now()

        assert parent.trace == ["parent", "perform"]
        assert child.trace == ["parent", "child", "perform"]

    def test_a_method_that_is_defined_again_is_called_once_in_its_new_form(self) -> None:
        class CallbackBasisJob(Traced):
            @before_perform
            def check(self) -> None:
                self.trace.append("parent's")

        class CallbackOverridingJob(CallbackBasisJob):
            def check(self) -> None:
                self.trace.append("child's")

        job = CallbackOverridingJob()
        job.perform_now()

        assert job.trace == ["child's", "perform"]

    def test_a_mixin_brings_its_callbacks(self) -> None:
        class Mixin:
            trace: list[Any]

            @before_perform
            def mixed(self) -> None:
                self.trace.append("mixin")

        class CallbackMixedJob(Mixin, Traced):
            pass

        job = CallbackMixedJob()
        job.perform_now()

        assert job.trace == ["mixin", "perform"]


class TestConditions:
    @pytest.mark.parametrize(
        ("options", "runs"),
        [
            ({"when": "is_large"}, True),
            ({"unless": "is_large"}, False),
            ({"when": lambda job: job.arguments == [9]}, True),
            ({"when": ["is_large", lambda job: False]}, False),
            ({"when": ["is_large", "is_odd"]}, True),
            ({"unless": ["is_small", lambda job: False]}, True),
            ({"unless": ["is_small", "is_odd"]}, False),
            ({"when": "is_large", "unless": "is_odd"}, False),
        ],
    )
    def test_a_callback_may_depend_on_the_job(self, options: Any, runs: bool) -> None:
        class CallbackConditionalJob(Traced):
            @before_perform(**options)
            def check(self) -> None:
                self.trace.append("ran")

            def is_large(self) -> bool:
                return self.arguments[0] > 5

            def is_small(self) -> bool:
                return not self.is_large()

            def is_odd(self) -> bool:
                return self.arguments[0] % 2 == 1

        job = CallbackConditionalJob(9)
        job.perform_now()

        assert ("ran" in job.trace) is runs

    def test_conditions_hold_for_arounds_and_afters_too(self) -> None:
        class CallbackNeverJob(Traced):
            @around_perform(when=lambda job: False)
            def wrap(self) -> Any:
                self.trace.append("around")
                yield

            @after_perform(unless=lambda job: True)
            def finish(self) -> None:
                self.trace.append("after")

        job = CallbackNeverJob()
        job.perform_now()

        assert job.trace == ["perform"]

    def test_prepend_puts_it_outside(self) -> None:
        class CallbackPrependedJob(Traced):
            @before_perform
            def second(self) -> None:
                self.trace.append("second")

            @before_perform(prepend=True)
            def first(self) -> None:
                self.trace.append("first")

            @after_perform(prepend=True)
            def last(self) -> None:
                self.trace.append("last")

            @after_perform
            def early(self) -> None:
                self.trace.append("early")

        job = CallbackPrependedJob()
        job.perform_now()

        assert job.trace == ["first", "second", "perform", "early", "last"]


class TestFromOutside:
    def test_a_function_takes_the_job(self) -> None:
        class CallbackOutsideJob(Traced):
            pass

        class CallbackOutsideChildJob(CallbackOutsideJob):
            pass

        CallbackOutsideJob.before_perform(lambda job: job.trace.append("before"))

        @CallbackOutsideJob.around_perform(when=lambda job: True)
        def wrap(job: Any) -> Any:
            job.trace.append("in")
            yield
            job.trace.append("out")

        @CallbackOutsideJob.after_enqueue
        def enqueued(job: Any) -> None:
            job.trace.append("enqueued")

        for job_class in (CallbackOutsideJob, CallbackOutsideChildJob):
            job = job_class()
            job.enqueue()
            job.perform_now()
            assert job.trace == ["enqueued", "before", "in", "perform", "out"]

    def test_the_parent_and_its_other_children_do_without(self) -> None:
        class CallbackFamilyJob(Traced):
            pass

        class CallbackOneJob(CallbackFamilyJob):
            pass

        class CallbackTwoJob(CallbackFamilyJob):
            pass

        CallbackOneJob.before_perform(lambda job: job.trace.append("one"))
        family, two = CallbackFamilyJob(), CallbackTwoJob()
        family.perform_now()
        two.perform_now()

        assert (family.trace, two.trace) == (["perform"], ["perform"])

    @pytest.mark.parametrize("function", [5, "check", None.__class__])
    def test_what_is_no_callback_is_refused(self, function: Any) -> None:
        class CallbackRefusingJob(Traced):
            pass

        with pytest.raises(ArgumentError):
            CallbackRefusingJob.around_perform(function)

    def test_a_generator_is_an_around_and_nothing_else(self) -> None:
        def yields(job: Any) -> Any:
            yield

        class CallbackStrictJob(Traced):
            pass

        with pytest.raises(ArgumentError, match="around_perform"):
            CallbackStrictJob.before_perform(yields)
        with pytest.raises(ArgumentError, match="generator"):
            CallbackStrictJob.around_enqueue(lambda job: None)


layers = st.lists(st.sampled_from(["before", "around", "after"]), max_size=6)


@given(kinds=layers, fails=st.booleans())
def test_any_chain_goes_in_in_order_and_out_in_reverse(kinds: list[str], fails: bool) -> None:
    class CallbackAnyJob(Traced):
        pass

    for index, kind in enumerate(kinds):
        add_callback(CallbackAnyJob, kind, index)
    job = CallbackAnyJob(LookupError() if fails else None)

    if fails:
        with pytest.raises(LookupError):
            job.perform_now()
    else:
        job.perform_now()

    way_in = [f"{kind} {n}" for n, kind in enumerate(kinds) if kind != "after"]
    skipped = ("before", "after") if fails else ("before",)
    way_out = [f"{kind} {n} out" for n, kind in enumerate(kinds) if kind not in skipped]
    assert job.trace == [*way_in, "perform", *reversed(way_out)]


def add_callback(job_class: type[Traced], kind: str, index: int) -> None:
    def wrap(job: Any) -> Any:
        job.trace.append(f"around {index}")
        try:
            yield
        finally:
            job.trace.append(f"around {index} out")

    match kind:
        case "before":
            job_class.before_perform(lambda job: job.trace.append(f"before {index}"))
        case "after":
            job_class.after_perform(lambda job: job.trace.append(f"after {index} out"))
        case _:
            job_class.around_perform(wrap)


def test_an_asynchronous_callback_of_enqueue_is_awaited(recording: Recording) -> None:
    class CallbackEnqueueAsyncJob(Traced):
        @before_enqueue
        async def prepare(self) -> None:
            await asyncio.sleep(0)
            self.arguments.append("prepared")

    CallbackEnqueueAsyncJob().enqueue()
    asyncio.run(CallbackEnqueueAsyncJob.aperform_later())

    assert [request.data["arguments"] for request in recording.requests] == [["prepared"]] * 2


class CallbackOnTheLoopJob(Job):
    @before_enqueue
    async def look_up(self) -> None:
        await asyncio.sleep(0)

    def perform(self) -> None: ...


class CallbackLoopHolderJob(Job):
    async def perform(self, awaits: bool) -> None:
        if awaits:
            await CallbackOnTheLoopJob.aperform_later()
        else:
            CallbackOnTheLoopJob.perform_later()


def test_a_loop_that_would_wait_for_itself_is_told_so(recording: Recording) -> None:
    CallbackLoopHolderJob.perform_now(True)
    with pytest.raises(PerformInsideLoopError, match="aperform_later"):
        CallbackLoopHolderJob.perform_now(False)

    assert len(recording.requests) == 1


class CallbackAuditJob(Job):
    @before_enqueue
    async def look_up(self) -> None:
        await asyncio.sleep(0)

    def perform(self) -> None: ...


class CallbackAuditedJob(Job):
    @before_enqueue
    async def audit(self) -> None:
        await CallbackAuditJob.aperform_later()

    def perform(self) -> None: ...


class CallbackManyJob(Job):
    async def perform(self, count: int) -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(*(CallbackAuditedJob.aperform_later() for _ in range(count)))


def test_many_coroutines_may_enqueue_from_callbacks_of_what_they_enqueue(
    recording: Recording,
) -> None:
    CallbackManyJob.perform_now(100)

    assert len(recording.requests) == 200
