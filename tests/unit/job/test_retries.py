"""retry_on and discard_on: which declaration matches, and what it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from samovar import ArgumentError, Job, after_discard, discard_on, rescue_from, retry_on
from samovar.job import handlers, retries
from tests.support.applications import Recording
from tests.support.listening import heard


class LowError(Exception):
    pass


class LowerError(LowError):
    pass


class Parent(Job):
    def perform(self, error: str) -> str:
        errors: dict[str, type[Exception]] = {
            "low": LowError,
            "lower": LowerError,
            "value": ValueError,
            "key": KeyError,
        }
        if error in errors:
            raise errors[error](error)
        return "done"


@retry_on(LowError, wait=0, jitter=0, attempts=3)
@discard_on(ValueError)
class RetriedJob(Parent):
    pass


@discard_on(LowerError)
class SpecificJob(RetriedJob):
    pass


def run(job: Job) -> Any:
    return Job.execute(job.serialize())


def rerun(recording: Recording) -> Any:
    return Job.execute(recording.requests[-1].data)


def test_a_retry_is_enqueued_as_the_same_job_with_its_counters(recording: Recording) -> None:
    job = RetriedJob("low")

    error = run(job)

    assert isinstance(error, LowError)
    (request,) = recording.requests
    assert request.data["job_id"] == job.job_id
    assert request.data["executions"] == 1
    assert request.data["exception_executions"] == {"[LowError]": 1}


def test_attempts_count_the_first_run_and_then_the_error_leaves(recording: Recording) -> None:
    run(RetriedJob("low"))
    rerun(recording)

    with pytest.raises(LowError):
        rerun(recording)
    assert len(recording.requests) == 2


def test_exhausted_deals_with_the_last_error(recording: Recording) -> None:
    seen: list[tuple[Job, BaseException]] = []

    @retry_on(KeyError, wait=0, attempts=1, exhausted=lambda job, error: seen.append((job, error)))
    class ExhaustedJob(Parent):
        pass

    assert isinstance(run(ExhaustedJob("key")), KeyError)
    assert [type(error) for _, error in seen] == [KeyError]
    assert recording.requests == []


def test_a_discarded_job_is_dropped_and_told(recording: Recording) -> None:
    with heard("discard.active_job") as told:
        assert isinstance(run(RetriedJob("value")), ValueError)

    assert recording.requests == []
    assert [type(event.payload["error"]) for event in told] == [ValueError]


def test_the_subclass_is_asked_before_its_parent(recording: Recording) -> None:
    assert isinstance(run(SpecificJob("lower")), LowerError)
    assert recording.requests == []
    run(SpecificJob("low"))
    assert len(recording.requests) == 1


def test_the_top_decorator_is_asked_first() -> None:
    @discard_on(LowerError)
    @retry_on(LowError, wait=0)
    class TopFirstJob(Parent):
        pass

    found = handlers.find(TopFirstJob, LowerError())
    assert found is not None
    assert isinstance(found[0], retries.Discard)


def test_an_error_nothing_declared_leaves() -> None:
    with pytest.raises(KeyError):
        RetriedJob.perform_now("key")


def test_a_cause_is_asked_about_after_the_error_itself() -> None:
    try:
        try:
            raise LowError
        except LowError as cause:
            raise RuntimeError from cause
    except RuntimeError as error:
        found = handlers.find(RetriedJob, error)

    assert found is not None
    assert isinstance(found[1], LowError)


def test_causes_in_a_circle_come_to_an_end() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one

    assert handlers.find(RetriedJob, one) is None


def test_a_retry_to_another_queue_leaves_the_running_job_where_it_is(recording: Recording) -> None:
    @retry_on(KeyError, wait=0, jitter=0, queue="slow", priority=9)
    class MovingJob(Parent):
        pass

    job = MovingJob("key")
    job.perform_now()

    assert (recording.requests[0].data["queue_name"], job.queue_name) == ("slow", "default")
    assert (recording.requests[0].data["priority"], job.priority) == (9, None)


def test_payloads_without_counters_use_executions(recording: Recording) -> None:
    data = RetriedJob("low").serialize()

    with pytest.raises(LowError):
        Job.execute({**data, "exception_executions": None, "executions": 2})
    assert recording.requests == []


@pytest.mark.parametrize(
    ("wait", "jitter", "delays"),
    [
        (3, 0, [3, 3, 3]),
        (timedelta(minutes=1), 0, [60, 60, 60]),
        ("polynomially_longer", 0, [3, 18, 83]),
        ("exponentially_longer", 0, [3, 18, 83]),
        (lambda executions: executions * 10, 0.5, [10, 20, 30]),
        (lambda executions, error: executions + len(str(error)), 0.5, [4, 5, 6]),
    ],
)
def test_delays_follow_their_formula(wait: Any, jitter: float, delays: list[float]) -> None:
    retry = retry_on(LowError, wait=wait, jitter=jitter)

    seen = [retries.delay_seconds(retry, n, LowError("low"), 0.15) for n in (1, 2, 3)]

    assert seen == delays


def test_jitter_adds_its_share_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.support.ids.random", lambda: 1.0)

    assert retries.delay_seconds(retry_on(LowError, wait=10), 1, LowError(), 0.15) == 11.5
    assert retries.delay_seconds(retry_on(LowError, wait=10, jitter=4.0), 1, LowError(), 0) == 50


@pytest.mark.parametrize(
    "options",
    [
        {"wait": "soon"},
        {"wait": -1},
        {"wait": -0.5},
        {"wait": timedelta(seconds=-1)},
        {"wait": float("nan")},
        {"wait": float("inf")},
        {"wait": True},
        {"wait": None},
        {"attempts": 0},
        {"attempts": "three"},
        {"attempts": True},
        {"jitter": "some"},
        {"jitter": -0.1},
        {"jitter": True},
        {"jitter": float("nan")},
        {"exhausted": "give_up"},
    ],
    ids=str,
)
def test_options_of_no_use_are_refused_in_the_decorator(options: dict[str, Any]) -> None:
    ((name, value),) = options.items()

    with pytest.raises(ArgumentError) as refused:
        retry_on(LowError, **options)

    assert str(refused.value).startswith(f"retry_on: {name} is {value!r}; expected ")


def test_handlers_that_cannot_be_called_are_refused() -> None:
    with pytest.raises(ArgumentError, match="discard_on: then is 'tell'"):
        discard_on(LowError, then="tell")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="after_discard: 'tell' is no function"):
        after_discard("tell")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="rescue_from: with_ is 5"):
        rescue_from(LowError, with_=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declare", "option", "meant"),
    [(retry_on, "attemps", "attempts"), (discard_on, "than", "then"), (rescue_from, "with", "")],
    ids=["retry_on", "discard_on", "rescue_from"],
)
def test_a_misspelt_option_is_told_with_the_one_that_was_meant(
    declare: Any, option: str, meant: str
) -> None:
    with pytest.raises(TypeError) as refused:
        declare(LowError, **{option: 3})

    assert f"{declare.__name__}() got an unexpected keyword argument {option!r}" in str(
        refused.value
    )
    assert f"did you mean '{meant or 'with_'}'?" in str(refused.value)


class TestWhatIsDecorated:
    @pytest.mark.parametrize(
        ("declaration", "advice"),
        [
            (
                retry_on(LowError),
                r"retry_on .* above @job, or pass @job\(retry=retry_on\(\.\.\.\)\)",
            ),
            (discard_on(LowError), r"discard_on .*pass @job\(discard=discard_on\(\.\.\.\)\)"),
            (rescue_from(LowError, with_=print), r"rescue_from .* above @job\."),
            (after_discard(print), r"after_discard .* above @job\."),
        ],
        ids=["retry_on", "discard_on", "rescue_from", "after_discard"],
    )
    def test_a_plain_function_is_refused(self, declaration: Any, advice: str) -> None:
        def plain() -> None: ...

        with pytest.raises(ArgumentError, match=advice):
            declaration(plain)
        with pytest.raises(ArgumentError, match=advice):
            declaration(RetriedJob("low"))

    def test_a_class_to_mix_in_passes_its_declarations_on(self) -> None:
        @discard_on(LowError)
        @rescue_from(KeyError, with_="deal_with")
        class Mixin:
            pass

        class RetryMixedJob(Mixin, Parent):
            def deal_with(self, error: BaseException) -> None: ...

        assert isinstance(RetryMixedJob.perform_now("low"), LowError)
        assert isinstance(RetryMixedJob.perform_now("key"), KeyError)

    def test_a_rescue_names_a_method_that_is_there(self) -> None:
        with pytest.raises(ArgumentError, match="RetryNamelessJob has no method named 'deal_wiht'"):

            @rescue_from(KeyError, with_="deal_wiht")
            class RetryNamelessJob(Parent):
                def deal_with(self, error: BaseException) -> None: ...


@pytest.mark.parametrize("errors", [(), (7,), (int,), (LowError("x"),)])
def test_only_exception_classes_and_their_names_can_be_declared(errors: Any) -> None:
    with pytest.raises(ArgumentError):
        retry_on(*errors)
    with pytest.raises(ArgumentError):
        discard_on(*errors)


def test_unlimited_attempts_never_end(recording: Recording) -> None:
    @retry_on(KeyError, wait=0, attempts="unlimited")
    class EndlessJob(Parent):
        pass

    run(EndlessJob("key"))
    for _ in range(12):
        rerun(recording)
    assert len(recording.requests) == 13


def test_an_exit_in_the_handling_of_a_declared_error_is_not_taken_for_it() -> None:
    @discard_on(ValueError)
    class RetriesLeavingJob(Job):
        def perform(self) -> None:
            try:
                raise ValueError
            except ValueError:
                raise SystemExit(3)  # noqa: B904 -- the hidden context is the point

    with pytest.raises(SystemExit):
        RetriesLeavingJob.perform_now()
