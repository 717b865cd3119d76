"""retry_on and discard_on: which declaration matches, and what it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from samovar import ArgumentError, Job, discard_on, retry_on, subscribe, unsubscribe
from samovar.events import Event
from samovar.job import retries
from tests.support.applications import Recording


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
    told: list[Event] = []
    subscribe("discard.active_job")(told.append)
    try:
        assert isinstance(run(RetriedJob("value")), ValueError)
    finally:
        unsubscribe(told.append)

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

    found = retries.find(TopFirstJob, LowerError())
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
        found = retries.find(RetriedJob, error)

    assert found is not None
    assert isinstance(found[1], LowError)


def test_causes_in_a_circle_come_to_an_end() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one

    assert retries.find(RetriedJob, one) is None


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
    monkeypatch.setattr("random.random", lambda: 1.0)

    assert retries.delay_seconds(retry_on(LowError, wait=10), 1, LowError(), 0.15) == 11.5
    assert retries.delay_seconds(retry_on(LowError, wait=10, jitter=4.0), 1, LowError(), 0) == 50


@pytest.mark.parametrize(
    "options",
    [{"wait": "soon"}, {"attempts": 0}, {"attempts": "three"}, {"attempts": True}],
)
def test_options_of_no_use_are_refused_in_the_decorator(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="retry_on"):
        retry_on(LowError, **options)


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
    class LeavingJob(Job):
        def perform(self) -> None:
            try:
                raise ValueError
            except ValueError:
                raise SystemExit(3)  # noqa: B904 -- the hidden context is the point

    with pytest.raises(SystemExit):
        LeavingJob.perform_now()
