"""Arguments that `perform` does not take are refused where the job is enqueued."""

from __future__ import annotations

import functools
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from samovar import ArgumentError, Job, WrongArgumentsError, job, perform_all_later
from tests.support.applications import Recording, application


class CalledJob(Job):
    def perform(self, order: int, method: str = "card", *, retries: int = 0) -> None: ...


class CalledAsyncJob(Job):
    async def perform(self, order: int, /, **options: Any) -> None: ...


class CalledStaticJob(Job):
    @staticmethod
    def perform(order: int) -> None: ...  # type: ignore[override]


@job
def called_function(order: int) -> int:
    return order + 1


def with_session(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, "session", *args, **kwargs)

    return wrapper


class CalledWrappedJob(Job):
    @with_session
    def perform(self, session: str, order: int) -> None: ...


WRONG: dict[str, Callable[[], object]] = {
    "too few": lambda: CalledJob.perform_later(),  # type: ignore[call-arg]
    "too many": lambda: CalledJob.perform_later(1, "card", 3),  # type: ignore[call-arg]
    "an unknown keyword": lambda: CalledJob.perform_later(1, metod="card"),  # type: ignore[call-arg]
    "one twice": lambda: CalledJob.perform_later(1, order=1),  # type: ignore[misc,call-arg]
    "positional only": lambda: CalledAsyncJob.perform_later(order=1),  # type: ignore[call-arg]
    "self": lambda: CalledJob(1, **{"self": 2}).enqueue(),  # type: ignore[arg-type]
    "static": lambda: CalledStaticJob(1, 2).enqueue(),  # type: ignore[call-arg]
    "a function": lambda: called_function.set(queue="q").perform_later(),  # type: ignore[call-arg]
    "bulk": lambda: CalledJob.perform_bulk([(1,), ()]),
    "jobs in bulk": lambda: perform_all_later([CalledJob(1), CalledJob()]),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("enqueue", WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_refused_and_nothing_enqueued(
    recording: Recording, enqueue: Callable[[], object]
) -> None:
    for _ in range(2):
        with pytest.raises(WrongArgumentsError, match=r"perform does not take") as refused:
            enqueue()
        assert isinstance(refused.value, TypeError)
        assert isinstance(refused.value, ArgumentError)

    assert recording.requests == []


def test_what_perform_takes_is_enqueued(recording: Recording) -> None:
    for _ in range(2):
        CalledJob.perform_later(1)
        CalledJob.perform_later(order=1, retries=3)
        CalledAsyncJob.perform_later(1, order=2, anything=3)
        CalledStaticJob(1).enqueue()
        called_function.perform_later(1)
        CalledWrappedJob.perform_later(1)

    assert len(recording.requests) == 12


def test_a_job_that_came_out_of_a_queue_is_not_checked(recording: Recording) -> None:
    Job.deserialize({**CalledJob(1).serialize(), "arguments": [1, 2, 3, 4]}).enqueue()

    assert len(recording.requests) == 1


def test_a_perform_that_is_replaced_is_looked_at_anew(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    CalledJob.perform_later(1)
    monkeypatch.setattr(CalledJob, "perform", lambda self: None)

    with pytest.raises(WrongArgumentsError):
        CalledJob.perform_later(1)


def test_a_child_is_checked_against_its_own_perform(recording: Recording) -> None:
    class CalledChildJob(CalledJob):
        def perform(self, *args: Any, more: int) -> None: ...  # type: ignore[override]

    CalledJob.perform_later(1)
    CalledChildJob(1, more=2).enqueue()
    with pytest.raises(WrongArgumentsError):
        CalledChildJob(1).enqueue()  # type: ignore[call-arg]


def test_it_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Recording()
    monkeypatch.setattr(CalledJob, "queue_adapter", adapter)
    with application(queue_adapter="inline", check_arguments=False):
        CalledJob().enqueue()  # type: ignore[call-arg]

    assert len(adapter.requests) == 1


@pytest.mark.parametrize("slip", ["perfrom", "preform", "Perform", "performs"])
def test_a_slip_of_perform_warns(slip: str) -> None:
    with pytest.warns(UserWarning, match=f"SlipJob has no perform.*{slip}"):
        type("SlipJob", (Job,), {slip: lambda self: None})


def test_a_class_to_inherit_from_is_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class CalledApplicationJob(Job):
            def deliver(self) -> None: ...

        class CalledLeafJob(CalledApplicationJob):
            def perform(self) -> None: ...

            def perform_(self) -> None: ...


@pytest.mark.parametrize("kind", ["function", "verb", "job", "class"])
def test_a_function_that_is_a_job_can_be_pickled(kind: str) -> None:
    value: Any = {
        "function": called_function,
        "verb": called_function.perform_later,
        "job": called_function.new(1),
        "class": called_function.job_class,
    }[kind]

    again = pickle.loads(pickle.dumps(value))

    assert type(again) is type(value)
    assert kind != "function" or again is called_function


def test_a_pool_of_processes_calls_it() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(called_function, 1).result(timeout=60) == 2
