"""Which declaration deals with an error: groups of errors, and what is never asked."""

from __future__ import annotations

import asyncio
import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from samovar import Job, after_discard, discard_on, rescue_from, retry_on
from samovar.job import handlers
from samovar.job.retries import Discard, Rescue, Retry
from tests.support.applications import Recording
from tests.support.listening import heard


@retry_on(ConnectionError, TimeoutError, wait=0)
@discard_on(KeyError)
@rescue_from(ZeroDivisionError, with_=lambda job, error: None)
class GroupedJob(Job):
    async def perform(self) -> None: ...


REFUSED, LATE, KEY, ZERO = (
    ConnectionRefusedError(),
    TimeoutError(),
    KeyError("k"),
    ZeroDivisionError(),
)


@pytest.mark.parametrize(
    ("errors", "kind", "error"),
    [
        ([REFUSED], Retry, REFUSED),
        ([LATE, REFUSED], Retry, LATE),
        ([KEY], Discard, KEY),
        ([KEY, ZERO], Discard, KEY),
        ([ZERO, KEY, LATE], Retry, LATE),
        ([ExceptionGroup("inner", [ZERO, ExceptionGroup("innermost", [REFUSED])])], Retry, REFUSED),
    ],
)
def test_a_group_is_dealt_with_when_each_of_its_errors_is(
    errors: list[Exception], kind: type, error: Exception
) -> None:
    found = handlers.find(GroupedJob, ExceptionGroup("all", errors))

    assert found is not None
    assert (type(found[0]), found[1]) == (kind, error)


def test_a_group_with_an_error_that_nothing_matches_leaves() -> None:
    assert handlers.find(GroupedJob, ExceptionGroup("all", [REFUSED, ValueError()])) is None
    assert handlers.find(GroupedJob, BaseExceptionGroup("all", [REFUSED, SystemExit()])) is None


def test_a_group_that_is_a_cause_is_asked_about() -> None:
    error = RuntimeError()
    error.__cause__ = ExceptionGroup("all", [REFUSED])

    found = handlers.find(GroupedJob, error)

    assert found is not None
    assert found[1] is REFUSED


def test_a_declaration_of_groups_themselves_decides_first() -> None:
    @rescue_from(ExceptionGroup, with_=lambda job, error: None)
    class WholeGroupJob(GroupedJob):
        pass

    group = ExceptionGroup("all", [REFUSED, ValueError()])
    found = handlers.find(WholeGroupJob, group)

    assert found is not None
    assert (type(found[0]), found[1]) == (Rescue, group)


def test_a_task_group_is_retried_for_what_is_in_it(recording: Recording) -> None:
    @retry_on(ConnectionError, wait=0)
    class TaskGroupJob(Job):
        async def perform(self) -> None:
            async def fail() -> None:
                raise ConnectionResetError("reset")

            async with asyncio.TaskGroup() as group:
                group.create_task(fail())

    assert isinstance(TaskGroupJob.perform_now(), ConnectionResetError)
    assert len(recording.requests) == 1


class NarrowError(LookupError):
    pass


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (lambda: retry_on(Exception), lambda: discard_on(NarrowError)),
        (lambda: discard_on(LookupError), lambda: retry_on(OSError, NarrowError)),
        (lambda: rescue_from(Exception, with_=print), lambda: retry_on(NarrowError)),
    ],
)
def test_a_broader_class_above_a_narrower_one_warns_with_both_lines(
    upper: Callable[[], Any], lower: Callable[[], Any]
) -> None:
    with pytest.warns(UserWarning, match="NarrowError") as told:

        @upper()
        @lower()
        class RailsOrderJob(Job):
            def perform(self) -> None: ...

    text = str(told[0].message)
    assert text.startswith("RailsOrderJob: ")
    assert len(re.findall(r"in \S*test_handlers\.py:\d+", text)) == 2
    assert "last one that is asked first" in text
    assert told[0].filename == __file__


def test_an_order_that_means_something_is_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        @discard_on(NarrowError)
        @after_discard(lambda job, error: None)
        @retry_on("Exception", KeyError)
        @retry_on(LookupError)
        @retry_on(OSError)
        class SpecificFirstJob(Job):
            def perform(self) -> None: ...

        @retry_on(Exception)  # overrides what the parent says
        class OverridingJob(SpecificFirstJob):
            pass

    assert handlers.find(OverridingJob, NarrowError()) is not None


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (lambda n, base=5: n * base, 10),
        (functools.partial(lambda n, base: n * base, base=7), 14),
        (lambda n, *, base=3: n * base, 6),
        (lambda n, **options: n, 2),
        (lambda n, error: len(str(error)), 3),
        (lambda n, error=None: len(str(error)), 3),
        (lambda *given: len(given), 2),
    ],
)
def test_the_error_is_passed_to_a_wait_that_asks_for_it(
    recording: Recording, wait: Any, seconds: float
) -> None:
    waits: list[Any] = []

    @retry_on(NarrowError, wait=wait)
    class WaitingJob(Job):
        def perform(self) -> None:
            raise NarrowError("abc")

    data = WaitingJob().serialize()
    with heard("enqueue_retry.active_job") as events:
        Job.execute({**data, "exception_executions": {"[NarrowError]": 1}})
    waits.extend(event.payload["wait"] for event in events)

    assert waits == [seconds]


class UnreadableError(ValueError):
    def __getattribute__(self, name: str) -> Any:
        raise KeyError(name)


class TruthlessError(ValueError):
    def __bool__(self) -> bool:
        raise KeyError("truth")


@retry_on(ValueError, wait=0)
class HandledOddJob(Job):
    def perform(self) -> None: ...


@pytest.mark.parametrize("kind", [UnreadableError, TruthlessError])
def test_an_error_is_dealt_with_by_its_class_whatever_its_attributes_do(
    kind: type[Exception],
) -> None:
    error, outer = kind(), RuntimeError()
    BaseException.__dict__["__cause__"].__set__(outer, error)

    for raised in (error, outer):
        found = handlers.find(HandledOddJob, raised)
        assert found is not None
        assert found[1] is error
    assert handlers.find(GroupedJob, error) is None
