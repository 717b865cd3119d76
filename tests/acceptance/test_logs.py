"""Events and logs; the numbers are those of the acceptance list."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from samovar import (
    Abort,
    EnqueueError,
    Job,
    before_enqueue,
    before_perform,
    discard_on,
    perform_all_later,
    retry_on,
    subscribe,
    unsubscribe,
)
from samovar.events import Event
from samovar.job.job_data import EnqueueRequest, Receipt
from tests.support.applications import Recording, application
from tests.support.log import Log, every_job_logged


class Choosy(Recording):
    """Refuses jobs whose first argument is "refuse"."""

    name = "choosy"

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        if request.data["arguments"][:1] == ["refuse"]:
            raise EnqueueError("not this one")
        return super().enqueue(request)

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        return [self._softly(request) for request in requests]

    def _softly(self, request: EnqueueRequest) -> Receipt:
        try:
            return self.enqueue(request)
        except EnqueueError as refusal:
            return Receipt(refusal=refusal)


class LoggedOrder:
    """A record."""

    def __init__(self, number: int) -> None:
        self.number = number

    def to_global_id(self) -> str:
        return f"gid://shop/Order/{self.number}"


class LoggedJob(Job):
    def perform(self, *arguments: Any, **keywords: Any) -> str:
        return "done"


class LoggedChoosyJob(Job):
    queue_adapter = Choosy()

    def perform(self, word: str) -> None: ...


class LoggedQuietJob(LoggedJob):
    log_arguments = False


class LoggedNestingJob(Job):
    def perform(self) -> None:
        LoggedChoosyJob.perform_later("inner")


@retry_on(LookupError, wait=5, attempts=2, exhausted=lambda job, error: None)
@discard_on(ArithmeticError)
class LoggedFailingJob(Job):
    queue_adapter = Choosy()

    def perform(self, error: str) -> None:
        raise {"retry": LookupError, "discard": ArithmeticError, "raise": OSError}[error](error)


class LoggedHaltedJob(Job):
    queue_adapter = Choosy()
    is_halted = True

    @before_enqueue
    @before_perform
    def halt(self) -> None:
        if self.is_halted:
            raise Abort

    def perform(self) -> Any:
        return False


@pytest.fixture(autouse=True)
def app() -> Iterator[None]:
    with application(queue_adapter="inline"):
        yield


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Log]:
    with every_job_logged(caplog) as log:
        yield log


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """Every event about jobs."""
    seen: list[Event] = []
    hear = seen.append
    subscribe(re.compile(r"\.active_job$"))(hear)
    yield seen
    unsubscribe(hear)


def test_36_a_bulk_enqueue_counts_what_was_refused(log: Log) -> None:
    perform_all_later([LoggedChoosyJob("take"), LoggedChoosyJob("refuse")])

    assert log.lines == [
        "[ActiveJob] 1 job enqueued to choosy (1 LoggedChoosyJob); 1 job failed to be enqueued."
    ]


def test_64_a_halted_run_is_told_as_such(log: Log, heard: list[Event]) -> None:
    LoggedHaltedJob.perform_now()

    assert log.records[-1].levelno == logging.ERROR
    assert log.lines[-1].endswith("a before_perform callback halted it.")
    assert heard[-1].payload["aborted"] is True


def test_65_a_job_performed_again_is_told_as_halted_once(log: Log, heard: list[Event]) -> None:
    job = LoggedHaltedJob()
    job.perform_now()
    job.is_halted = False
    job.perform_now()

    ends = [record for record in log.records if record.event == "active_job.completed"]
    assert ["halted" in record.getMessage() for record in ends] == [True, False]
    assert [record.levelno for record in ends] == [logging.ERROR, logging.INFO]
    assert [event.payload.get("aborted") for event in heard if event.name[:8] == "perform."] == [
        True,
        None,
    ]


def test_an_enqueue_that_a_callback_halted_is_told(log: Log, heard: list[Event]) -> None:
    LoggedHaltedJob.perform_later()

    assert log.record.levelno == logging.INFO
    assert log.line.endswith("a before_enqueue callback halted it.")
    assert heard[-1].payload["aborted"] is True


def names(heard: list[Event]) -> list[str]:
    return [event.name.removesuffix(".active_job") for event in heard]


def test_83_a_run_here_and_now_starts_and_ends(heard: list[Event]) -> None:
    job = LoggedJob()
    job.perform_now()

    assert names(heard) == ["perform_start", "perform"]
    assert all(event.payload["job"] is job for event in heard)
    assert all(event.payload["adapter"].name == "inline" for event in heard)


def test_83_an_enqueue_is_one_event(heard: list[Event]) -> None:
    LoggedChoosyJob.perform_later("take")
    LoggedChoosyJob.set(wait=5).perform_later("take")

    assert names(heard) == ["enqueue", "enqueue_at"]


def test_83_a_retry_its_end_and_a_discard_have_events(heard: list[Event]) -> None:
    job = LoggedFailingJob("retry")
    job.perform_now()
    job.perform_now()
    LoggedFailingJob("discard").perform_now()

    assert names(heard) == [
        *("perform_start", "enqueue_at", "enqueue_retry", "perform"),
        *("perform_start", "retry_stopped", "perform"),
        *("perform_start", "discard", "perform"),
    ]
    assert heard[2].payload["wait"] >= 5
    assert [type(heard[at].payload["error"]) for at in (2, 5, 8)] == [
        LookupError,
        LookupError,
        ArithmeticError,
    ]


def test_83_an_error_that_leaves_is_in_the_payload(heard: list[Event]) -> None:
    with pytest.raises(OSError, match="raise") as raised:
        LoggedFailingJob("raise").perform_now()

    assert heard[-1].payload["exception"] == ["OSError", "raise"]
    assert heard[-1].payload["exception_object"] is raised.value


def test_84_hidden_arguments_are_nowhere(log: Log) -> None:
    LoggedQuietJob.perform_later("secret", key="secret")

    assert len(log.records) == 3
    for record in log.records:
        assert "secret" not in record.getMessage()
        assert "arguments" not in record.getMessage()
        assert "arguments" not in record.payload


def test_84_no_arguments_leave_no_suffix(log: Log) -> None:
    LoggedJob.perform_later()

    assert not any("arguments" in line for line in log.lines)


def test_85_records_are_told_as_global_ids_also_nested(log: Log) -> None:
    LoggedJob(LoggedOrder(1), {"of": [LoggedOrder(2)]}, last=LoggedOrder(3)).perform_now()

    started = log.records[0]
    assert started.getMessage().endswith(
        "with arguments: gid://shop/Order/1, {'of': [gid://shop/Order/2]}, "
        "{'last': gid://shop/Order/3}"
    )
    assert started.payload["arguments"] == [
        "gid://shop/Order/1",
        {"of": ["gid://shop/Order/2"]},
        {"last": "gid://shop/Order/3"},
    ]


def test_86_a_nested_enqueue_bears_the_running_jobs_tags_once(log: Log) -> None:
    outer = LoggedNestingJob()
    outer.perform_now()

    nested = next(line for line in log.lines if "LoggedChoosyJob" in line)
    assert nested.startswith(f"[ActiveJob] [LoggedNestingJob] [{outer.job_id}] LoggedChoosyJob (")
    assert all(line.count("[ActiveJob]") == 1 for line in log.lines)


def test_86_an_inline_run_bears_its_own_tags_and_comes_before_its_enqueue(log: Log) -> None:
    LoggedJob.perform_later()

    tags = [record.tags[:2] for record in log.records]
    assert tags == [["ActiveJob", "LoggedJob"], ["ActiveJob", "LoggedJob"], ["ActiveJob"]]
    assert "enqueued to inline(default)" in log.lines[-1]


def test_87_an_error_that_was_dealt_with_is_no_error_line(log: Log) -> None:
    LoggedFailingJob("retry").perform_now()

    assert not [record for record in log.records if record.levelno > logging.INFO]
    assert "performed from choosy(default) in" in log.lines[-1]
    assert "is tried again after 1 attempt in 5 s, due to LookupError: retry." in log.lines[-2]


def test_an_error_that_leaves_is_told_with_the_users_traceback(log: Log) -> None:
    with pytest.raises(OSError, match="raise"):
        LoggedFailingJob("raise").perform_now()

    failed = log.records[-1]
    assert failed.levelno == logging.ERROR
    assert failed.exc_info[2].tb_frame.f_code.co_name == "perform"
    assert failed.payload["exception_backtrace"][0].endswith(" in perform")


def test_a_soft_refusal_is_an_error_line(log: Log) -> None:
    assert LoggedChoosyJob.perform_later("refuse") is False

    assert log.record.levelno == logging.ERROR
    assert "could not be enqueued to choosy(default): EnqueueError: not this one." in log.line


def test_the_users_line_that_enqueued_is_told(log: Log) -> None:
    log.configure(verbose_enqueue_logs=True)

    LoggedChoosyJob.perform_later("take")
    perform_all_later(LoggedChoosyJob("take"))

    assert [line.split(":")[0] for line in log.lines[1::2]] == [
        "[ActiveJob] ↳ tests/acceptance/test_logs.py"
    ] * 2


def test_a_subscriber_that_fails_stops_no_job() -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("listener")

    subscribe(re.compile("perform"))(fail)
    try:
        assert LoggedJob.perform_now() == "done"
    finally:
        unsubscribe(fail)
