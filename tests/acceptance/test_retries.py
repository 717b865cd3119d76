"""What happens after an error; the numbers are those of the acceptance list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    Abort,
    ArgumentError,
    DeserializationError,
    Job,
    SchedulingNotSupportedError,
    after_discard,
    before_enqueue,
    before_perform,
    current_locale,
    discard_on,
    payload,
    rescue_from,
    retry_on,
)
from samovar.job import retries
from samovar.job.context import CURRENT_JOB
from tests.support.applications import Recording
from tests.support.listening import heard
from tests.support.performing import WAYS, Perform, here

EVENTS = ("retry_stopped.active_job", "discard.active_job", "enqueue_retry.active_job")


class OneError(Exception):
    pass


class TwoError(Exception):
    pass


class ChildOfOneError(OneError):
    pass


class HardError(BaseException):
    """Outside of the ordinary errors."""


NAMES: dict[str, type[BaseException]] = {
    "one": OneError,
    "two": TwoError,
    "child": ChildOfOneError,
    "hard": HardError,
    "type": TypeError,
}


class Falling(Job, registered=False):
    """Raises the errors it is given, one a run, then ends well."""

    def perform(self, *names: str) -> str:
        runs = self.executions
        if runs <= len(names):
            raise NAMES[names[runs - 1]](f"run {runs}")
        return f"done in run {runs}"


@retry_on(OneError, wait=0, jitter=0)
class RetryDefaultJob(Falling):
    pass


@retry_on(OneError, TwoError, wait=0, jitter=0, attempts=4)
class RetryTogetherJob(Falling):
    pass


@retry_on(OneError, wait="polynomially_longer", jitter=0, attempts=4)
@retry_on(TwoError, wait=7, jitter=0, attempts=3)
class RetryApartJob(Falling):
    pass


def run_through(job: Job, recording: Recording, perform: Perform = here) -> list[Any]:
    """Performs the job and each of its retries; what each run gave, the last one's error too."""
    answers: list[Any] = []
    while True:
        before = len(recording.requests)
        try:
            answers.append(perform(job))
        except Exception as error:
            return [*answers, f"raised {error}"]
        if len(recording.requests) == before:
            return answers
        job = Job.deserialize(payload.loads(payload.dumps(recording.requests[-1].data)))


def waits(recording: Recording, now: int = 0) -> list[float]:
    return [((request.due_ns or 0) - now) / 1e9 for request in recording.requests]


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.support.clock.now_ns", lambda: 0)


class TestRetry:
    @pytest.mark.parametrize("perform", WAYS)
    def test_45_four_failures_are_four_retries(
        self, recording: Recording, perform: Perform
    ) -> None:
        answers = run_through(RetryDefaultJob(*["one"] * 4), recording, perform)

        assert answers[-1] == "done in run 5"
        assert [type(answer) for answer in answers[:-1]] == [OneError] * 4
        assert len({request.data["job_id"] for request in recording.requests}) == 1
        assert [request.data["executions"] for request in recording.requests] == [1, 2, 3, 4]

    @pytest.mark.usefixtures("stopped_clock")
    def test_45_the_wait_is_three_seconds_unless_told(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("random.random", lambda: 0.0)

        @retry_on(OneError)
        class RetryPlainJob(Falling):
            pass

        RetryPlainJob("one").perform_now()

        assert waits(recording) == [3.0]

    @pytest.mark.parametrize("perform", WAYS)
    def test_46_the_fifth_failure_reaches_the_caller(
        self, recording: Recording, perform: Perform
    ) -> None:
        answers = run_through(RetryDefaultJob(*["one"] * 9), recording, perform)

        assert (len(answers), answers[-1]) == (5, "raised run 5")

    def test_47_classes_of_one_declaration_are_counted_together(self, recording: Recording) -> None:
        answers = run_through(RetryTogetherJob("one", "two", "one", "two"), recording)

        assert (len(answers), answers[-1]) == (4, "raised run 4")
        assert recording.requests[-1].data["exception_executions"] == {"[OneError, TwoError]": 3}

    @pytest.mark.usefixtures("stopped_clock")
    def test_48_declarations_are_counted_apart_and_wait_by_their_own_count(
        self, recording: Recording
    ) -> None:
        answers = run_through(RetryApartJob("two", "one", "two", "one", "one"), recording)

        assert answers[-1] == "done in run 6"
        assert waits(recording) == [7.0, 3.0, 7.0, 18.0, 83.0]
        counters = recording.requests[-1].data["exception_executions"]
        assert counters == {"[TwoError]": 2, "[OneError]": 3}

    @pytest.mark.usefixtures("stopped_clock")
    def test_49_polynomial_waits(self, recording: Recording) -> None:
        @retry_on(OneError, wait="polynomially_longer", jitter=0)
        class RetryPolynomialJob(Falling):
            pass

        run_through(RetryPolynomialJob(*["one"] * 4), recording)

        assert waits(recording) == [3.0, 18.0, 83.0, 258.0]

    @pytest.mark.usefixtures("stopped_clock")
    def test_50_the_classs_jitter(
        self, recording: Recording, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("random.random", lambda: 1.0)

        @retry_on(OneError, wait="polynomially_longer")
        class RetryJitteryJob(Falling):
            retry_jitter = 4.0

        run_through(RetryJitteryJob(*["one"] * 4), recording)

        assert waits(recording) == [7.0, 82.0, 407.0, 1282.0]

    @pytest.mark.usefixtures("stopped_clock")
    @pytest.mark.parametrize(
        ("wait", "expected"),
        [
            (timedelta(hours=1), [3600.0, 3600.0]),
            (4.5, [4.5, 4.5]),
            (lambda executions: executions * 2, [2.0, 4.0]),
            (lambda executions, error: executions + len(str(error)), [6.0, 7.0]),
            (lambda executions, error=None: executions + (100 if error else 0), [101.0, 102.0]),
            (lambda *given: len(given), [2.0, 2.0]),
            (lambda executions: timedelta(minutes=executions), [60.0, 120.0]),
        ],
    )
    def test_51_waits_are_exact(
        self,
        recording: Recording,
        monkeypatch: pytest.MonkeyPatch,
        wait: Any,
        expected: list[float],
    ) -> None:
        monkeypatch.setattr("random.random", lambda: 1.0)
        jitter: dict[str, Any] = {} if callable(wait) else {"jitter": 0}

        @retry_on(OneError, wait=wait, **jitter)
        class RetryExactJob(Falling):
            pass

        run_through(RetryExactJob("one", "one"), recording)

        assert waits(recording) == expected

    @pytest.mark.parametrize("jitter", [None, 0, 0.0])
    def test_52_no_jitter_is_exactly_the_wait(
        self, monkeypatch: pytest.MonkeyPatch, jitter: Any
    ) -> None:
        monkeypatch.setattr("random.random", lambda: 1.0)
        retry = retry_on(OneError, wait=10, jitter=jitter)

        assert retries.delay_seconds(retry, 1, OneError(), 0.15) == 10

    @given(
        wait=st.floats(0, 1e6),
        jitter=st.floats(0, 5),
        executions=st.integers(1, 50),
    )
    def test_52_jitter_adds_no_more_than_its_share(
        self, wait: float, jitter: float, executions: int
    ) -> None:
        fixed = retry_on(OneError, wait=wait, jitter=jitter)
        curve = retry_on(OneError, wait="polynomially_longer", jitter=jitter)

        seconds = retries.delay_seconds(fixed, executions, OneError(), 0)
        assert wait <= seconds <= wait + wait * jitter
        seconds = retries.delay_seconds(curve, executions, OneError(), 0)
        base = executions**4
        assert base + 2 <= seconds <= base + base * jitter + 2.0001

    def test_53_unlimited_attempts_never_end(self, recording: Recording) -> None:
        @retry_on(OneError, wait=0, attempts="unlimited")
        class RetryEndlessJob(Falling):
            pass

        answers = run_through(RetryEndlessJob(*["one"] * 30), recording)

        assert (len(answers), answers[-1]) == (31, "done in run 31")

    @pytest.mark.parametrize("wait", ["soon", None, object(), True])
    def test_54_a_wait_of_no_use_is_told_by_the_decorator(self, wait: Any) -> None:
        with pytest.raises(ArgumentError, match="wait"):
            retry_on(OneError, wait=wait)

    @pytest.mark.parametrize("perform", WAYS)
    @pytest.mark.parametrize("awaits", [False, True])
    def test_55_exhausted_gets_job_and_error_and_nothing_is_raised(
        self, recording: Recording, perform: Perform, awaits: bool
    ) -> None:
        seen: list[tuple[Any, ...]] = []
        handler = noting(seen, awaits=awaits)

        @retry_on(OneError, wait=0, attempts=2, exhausted=handler)
        class RetryExhaustedJob(Falling):
            pass

        with heard(*EVENTS) as told:
            answers = run_through(RetryExhaustedJob("one", "one"), recording, perform)

        assert [type(answer) for answer in answers] == [OneError, OneError]
        ((job, error),) = seen
        assert (type(job), str(error)) == (RetryExhaustedJob, "run 2")
        assert [event.name for event in told] == [
            "enqueue_retry.active_job",
            "retry_stopped.active_job",
        ]
        assert told[1].payload["error"] is error

    def test_55_what_exhausted_raises_leaves(self, recording: Recording) -> None:
        def fail(job: Job, error: BaseException) -> None:
            raise RuntimeError("in the handler")

        @retry_on(OneError, wait=0, attempts=1, exhausted=fail)
        class RetryBadHandlerJob(Falling):
            pass

        with pytest.raises(RuntimeError, match="in the handler"):
            RetryBadHandlerJob("one").perform_now()

    def test_61_without_counters_the_executions_count(self, recording: Recording) -> None:
        data = {
            **RetryDefaultJob(*["one"] * 9).serialize(),
            "executions": 4,
            "exception_executions": None,
        }

        with pytest.raises(OneError):
            Job.deserialize(data).perform_now()
        assert recording.requests == []

    def test_62_a_retry_moves_and_the_running_job_stays(self, recording: Recording) -> None:
        @retry_on(OneError, wait=5, queue="low", priority=9)
        class RetryMovingJob(Falling):
            queue_as = "high"
            priority = 1

        job = RetryMovingJob("one", "one")
        job.perform_now()

        data = recording.requests[0].data
        assert (data["queue_name"], data["priority"]) == ("low", 9)
        assert (job.queue_name, job.priority, job.scheduled_at) == ("high", 1, None)
        retried = Job.deserialize(data)
        retried.perform_now()
        assert recording.requests[1].data["queue_name"] == "low"
        assert (retried.queue_name, retried.priority) == ("low", 9)

    def test_a_retry_by_hand_leaves_the_counters_alone(self, recording: Recording) -> None:
        job = RetryDefaultJob("one")

        with heard("enqueue_retry.active_job", "enqueue.active_job") as told:
            assert job.retry_job() is True

        assert recording.requests[0].data["exception_executions"] == {}
        assert recording.requests[0].due_ns is None
        assert [event.name for event in told] == ["enqueue.active_job", "enqueue_retry.active_job"]
        assert (told[1].payload.get("error"), told[1].payload.get("wait")) == (None, None)

    def test_a_retry_may_be_vetoed(self, recording: Recording) -> None:
        @retry_on(OneError, wait=0)
        class RetryVetoedJob(Falling):
            @before_enqueue
            def veto(self) -> None:
                raise Abort

        job = RetryVetoedJob("one")

        assert isinstance(job.perform_now(), OneError)
        assert job.retry_job() is False
        assert recording.requests == []

    def test_a_retry_carries_the_arguments_as_enqueued(self, recording: Recording) -> None:
        @retry_on(OneError, wait=0)
        class RetryMutatingJob(Job):
            def perform(self, items: list[int]) -> None:
                items.append(len(items))
                raise OneError

        RetryMutatingJob([]).enqueue()
        Job.deserialize(recording.requests[0].data).perform_now()

        assert recording.requests[1].data["arguments"] == [[]]

    def test_a_backend_that_cannot_wait_says_so(self) -> None:
        @retry_on(OneError, wait=5)
        class RetryInlineJob(Falling):
            queue_adapter = "inline"

        from_here = RetryInlineJob("one")
        with pytest.raises(SchedulingNotSupportedError):
            from_here.perform_now()

    def test_the_backends_id_travels_with_retries(self, recording: Recording) -> None:
        job = RetryDefaultJob("one")
        job.provider_job_id = 17
        job.perform_now()

        assert recording.requests[0].data["provider_job_id"] == 17


class TestWhichOne:
    def test_the_top_declaration_is_asked_first_even_if_it_is_broader(
        self, recording: Recording
    ) -> None:
        with pytest.warns(UserWarning, match="never sees ChildOfOneError"):

            @retry_on(OneError, wait=0)
            @discard_on(ChildOfOneError)
            class WhichTopJob(Falling):
                pass

        WhichTopJob("child").perform_now()

        assert len(recording.requests) == 1

    def test_the_class_is_asked_before_its_parents(self, recording: Recording) -> None:
        @discard_on(OneError)
        class WhichParentJob(Falling):
            pass

        @retry_on(OneError, wait=0)
        class WhichChildJob(WhichParentJob):
            pass

        WhichChildJob("one").perform_now()
        WhichParentJob("one").perform_now()

        assert [r.data["job_class"] for r in recording.requests] == ["WhichChildJob"]

    def test_the_cause_is_what_the_handler_gets(self, recording: Recording) -> None:
        seen: list[tuple[Any, ...]] = []

        @rescue_from(OneError, with_=noting(seen))
        class WhichCauseJob(Job):
            def perform(self) -> None:
                try:
                    try:
                        raise OneError("the root")
                    except OneError as error:
                        raise TwoError("in between") from error
                except TwoError as error:
                    raise RuntimeError("on top") from error

        answer = WhichCauseJob.perform_now()

        ((_, error),) = seen
        assert str(error) == "the root"
        assert answer is error

    def test_an_error_of_its_own_comes_before_the_cause(self, recording: Recording) -> None:
        seen: list[tuple[Any, ...]] = []

        @rescue_from(OneError, with_=noting(seen))
        @rescue_from(TwoError, with_=noting(seen))
        class WhichFirstJob(Job):
            def perform(self) -> None:
                try:
                    raise OneError("the root")
                except OneError as error:
                    raise TwoError("on top") from error

        WhichFirstJob.perform_now()

        assert str(seen[0][1]) == "on top"

    @pytest.mark.parametrize("name", ["OneError", f"{__name__}.OneError"])
    def test_a_class_may_be_named(self, recording: Recording, name: str) -> None:
        name = name.replace(__name__, OneError.__module__)

        @discard_on("NotImported", name)
        class WhichNamedJob(Falling):
            pass

        assert isinstance(WhichNamedJob("one").perform_now(), OneError)
        assert isinstance(WhichNamedJob("child").perform_now(), OneError)
        with pytest.raises(TwoError):
            WhichNamedJob("two").perform_now()

    def test_wrong_arguments_are_an_error_like_any_other(self, recording: Recording) -> None:
        @discard_on(TypeError)
        class WhichArityJob(Job):
            def perform(self, number: int) -> None: ...

        assert isinstance(WhichArityJob().perform_now(), TypeError)  # type: ignore[call-arg]

    def test_arguments_that_cannot_be_read_are_an_error_like_any_other(
        self, recording: Recording
    ) -> None:
        @discard_on(DeserializationError)
        class WhichDecodingJob(Job):
            def perform(self, *args: Any) -> None: ...

        data = {**WhichDecodingJob().serialize(), "arguments": [{"_aj_serialized": "Unheard"}]}

        assert isinstance(Job.execute(data), DeserializationError)


class TestDiscard:
    @pytest.mark.parametrize("perform", WAYS)
    @pytest.mark.parametrize("awaits", [False, True])
    def test_56_a_discarded_job_runs_once(
        self, recording: Recording, perform: Perform, awaits: bool
    ) -> None:
        seen: list[tuple[Any, ...]] = []

        @discard_on(TwoError, then=noting(seen, awaits=awaits))
        @discard_on(OneError)
        class DiscardJob(Falling):
            pass

        with heard(*EVENTS) as told:
            assert isinstance(perform(DiscardJob("one")), OneError)
            assert seen == []
            assert isinstance(perform(DiscardJob("two")), TwoError)

        ((job, error),) = seen
        assert (type(job), type(error)) == (DiscardJob, TwoError)
        assert recording.requests == []
        assert [event.name for event in told] == ["discard.active_job"] * 2
        assert told[1].payload["error"] is error
        assert told[1].payload["job"] is job

    def test_57_what_is_reported(self, recording: Recording) -> None:
        @retry_on(OneError, wait=0, attempts=3, report=True)
        @discard_on(TwoError, report=True)
        class DiscardReportedJob(Falling):
            pass

        with heard("error.reported") as told:
            run_through(DiscardReportedJob("one", "two"), recording)
            assert [str(event.payload["error"]) for event in told] == ["run 1", "run 2"]
            told.clear()
            # Not the stop: that error leaves the job, or goes to `exhausted`.
            run_through(DiscardReportedJob("one", "one", "one"), recording)
            assert [str(event.payload["error"]) for event in told] == ["run 1", "run 2"]

        assert {event.payload["source"] for event in told} == {"application.active_job"}
        assert {event.payload["handled"] for event in told} == {True}

    def test_57_silence_is_the_default(self, recording: Recording) -> None:
        with heard("error.reported") as told:
            run_through(RetryDefaultJob("one"), recording)

        assert told == []


class TestAfterDiscard:
    @pytest.mark.parametrize("perform", WAYS)
    def test_58_it_is_called_once_whatever_the_reason(
        self, recording: Recording, perform: Perform
    ) -> None:
        seen: list[str] = []

        def given_up(job: Job, error: BaseException) -> None:
            seen.append(f"given up: {error}")

        def own(job: Job, error: BaseException) -> None:
            seen.append(f"own: {error}")

        @after_discard(given_up)
        @retry_on(ChildOfOneError, wait=0, attempts=2, exhausted=own)
        @discard_on(OneError, then=own)
        class AfterDiscardJob(Falling):
            pass

        perform(AfterDiscardJob("one"))
        assert seen == ["own: run 1", "given up: run 1"]

        seen.clear()
        run_through(AfterDiscardJob("child", "child"), recording, perform)
        assert seen == ["own: run 2", "given up: run 2"]

        seen.clear()
        with pytest.raises(TwoError):
            perform(AfterDiscardJob("two"))
        assert seen == ["given up: run 1"]

    def test_58_attempts_that_are_used_up_without_a_handler(self, recording: Recording) -> None:
        seen: list[tuple[Any, ...]] = []

        @after_discard(noting(seen))
        @retry_on(OneError, wait=0, attempts=2)
        class AfterStopJob(Falling):
            pass

        assert run_through(AfterStopJob("one", "one"), recording)[-1] == "raised run 2"
        assert [str(error) for _, error in seen] == ["run 2"]

    def test_58_parent_and_child_error_with_a_declaration_each(self, recording: Recording) -> None:
        seen: list[tuple[Any, ...]] = []

        @after_discard(noting(seen))
        @retry_on(ChildOfOneError, wait=0, attempts=1)
        @retry_on(OneError, wait=0, attempts=1)
        class AfterFamilyJob(Falling):
            pass

        with pytest.raises(ChildOfOneError):
            AfterFamilyJob("child").perform_now()
        assert len(seen) == 1

    def test_58_not_when_halted_nor_when_a_handler_dealt_with_it(
        self, recording: Recording
    ) -> None:
        seen: list[tuple[Any, ...]] = []

        @after_discard(noting(seen))
        @rescue_from(OneError, with_=lambda job, error: None)
        class AfterHandledJob(Falling):
            @before_perform
            def check(self) -> None:
                if not self.arguments:
                    raise Abort

        assert AfterHandledJob().perform_now() is False
        AfterHandledJob("one").perform_now()
        assert seen == []

    def test_58_all_are_called_and_the_last_failure_leaves(self, recording: Recording) -> None:
        called: list[str] = []

        def handler(name: str) -> Any:
            def fail(job: Job, error: BaseException) -> None:
                called.append(name)
                raise RuntimeError(name)

            return fail

        @after_discard(handler("parent"))
        class AfterParentJob(Falling):
            pass

        @after_discard(handler("first"))
        @after_discard(handler("second"))
        @discard_on(OneError)
        class AfterChildJob(AfterParentJob):
            pass

        with pytest.raises(RuntimeError, match="second"):
            AfterChildJob("one").perform_now()
        assert called == ["parent", "first", "second"]

        called.clear()
        with pytest.raises(RuntimeError, match="parent"):
            AfterParentJob("two").perform_now()
        assert called == ["parent"]

    def test_58_a_coroutine_is_awaited(self, recording: Recording) -> None:
        seen: list[tuple[Any, ...]] = []

        @after_discard(noting(seen, awaits=True))
        class AfterCoroutineJob(Falling):
            pass

        for perform in WAYS:
            with pytest.raises(OneError):
                perform(AfterCoroutineJob("one"))
        assert len(seen) == 2


class TestRescue:
    @pytest.mark.parametrize("perform", WAYS)
    def test_59_a_handler_may_change_the_arguments_and_retry(
        self, recording: Recording, perform: Perform
    ) -> None:
        @rescue_from(OneError, with_="mend")
        class RescueMendedJob(Job):
            def mend(self, error: OneError) -> None:
                self.arguments[0] = str(error)
                self.retry_job(queue="low")

            def perform(self, word: str) -> str:
                if word == "bad":
                    raise OneError("good")
                return word

        assert isinstance(perform(RescueMendedJob("bad")), OneError)
        assert recording.requests[0].data["queue_name"] == "low"
        assert Job.execute(recording.requests[0].data) == "good"

    @pytest.mark.parametrize("perform", WAYS)
    def test_60_an_error_outside_the_ordinary_ones_is_handled(
        self, recording: Recording, perform: Perform
    ) -> None:
        seen: list[tuple[Any, ...]] = []

        @rescue_from(HardError, with_=noting(seen))
        class RescueHardJob(Falling):
            pass

        answer = perform(RescueHardJob("hard"))

        assert isinstance(answer, HardError)
        assert seen[0][1] is answer

    def test_a_handler_that_raises_is_what_leaves(self, recording: Recording) -> None:
        def fail(job: Job, error: BaseException) -> None:
            raise TwoError("from the handler") from error

        seen: list[tuple[Any, ...]] = []

        @after_discard(noting(seen))
        @discard_on(TwoError)
        @rescue_from(OneError, with_=fail)
        class RescueFailingJob(Falling):
            pass

        with pytest.raises(TwoError, match="from the handler"):
            RescueFailingJob("one").perform_now()
        assert seen == []

    def test_handlers_see_the_jobs_surroundings(self, recording: Recording) -> None:
        seen: list[Any] = []

        @rescue_from(
            OneError, with_=lambda job, error: seen.append((current_locale(), CURRENT_JOB.get()))
        )
        class RescuePlacedJob(Falling):
            pass

        job = RescuePlacedJob("one")
        job.locale = "de"
        job.perform_now()

        assert seen == [("de", job)]

    def test_the_event_of_a_rescued_run_has_no_error(self, recording: Recording) -> None:
        with heard("perform.active_job") as told:
            RetryDefaultJob("one").perform_now()
            with pytest.raises(TwoError):
                RetryDefaultJob("two").perform_now()

        assert ["exception_object" in event.payload for event in told] == [False, True]


def test_a_coroutine_job_has_the_same_declarations(recording: Recording) -> None:
    @retry_on(OneError, wait=0)
    @discard_on(TwoError)
    class RetryCoroutineJob(Job):
        async def perform(self, name: str) -> None:
            await asyncio.sleep(0)
            raise NAMES[name](name)

    for perform in WAYS:
        assert isinstance(perform(RetryCoroutineJob("one")), OneError)
        assert isinstance(perform(RetryCoroutineJob("two")), TwoError)
    assert len(recording.requests) == 2


def noting(seen: list[tuple[Any, ...]], *, awaits: bool = False) -> Callable[..., Any]:
    """A handler, plain or a coroutine function, that notes what it was given."""

    def note(job: Job, error: BaseException) -> None:
        seen.append((job, error))

    async def note_later(job: Job, error: BaseException) -> None:
        await asyncio.sleep(0)
        seen.append((job, error))

    return note_later if awaits else note
