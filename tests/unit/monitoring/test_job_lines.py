"""Each event of a job: its level, its words and its fields."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from samovar import EnqueueError, events
from tests.support.log import Log

AT = datetime(2026, 1, 15, 10, 4, 56, 123456, tzinfo=UTC)
AT_TEXT = "2026-01-15T10:04:56.123456000Z"
IDENTITY = {"job_class": "Charge", "job_id": "id-1"}
PLACE = {**IDENTITY, "queue": "payments", "adapter": "kafka"}
ERROR = {"exception_class": "ValueError", "exception_message": "no money"}


def fields(record: Any) -> dict[str, Any]:
    """The payload of a record, without its duration."""
    payload = dict(record.payload)
    assert payload.pop("duration", 0.0) >= 0
    return payload


def happened(name: str, **payload: Any) -> None:
    with events.instrument(f"{name}.active_job", **payload):
        pass


def failed(name: str, error: BaseException, **payload: Any) -> None:
    with pytest.raises(type(error)), events.instrument(f"{name}.active_job", **payload):
        raise error


def test_an_enqueued_job(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    charge.keyword_arguments = {"method": "card"}

    happened("enqueue", job=charge, adapter=adapter)

    assert log.record.levelno == logging.INFO
    assert log.line == (
        "[ActiveJob] Charge (id-1) enqueued to kafka(payments) "
        "with arguments: 42, {'method': 'card'}"
    )
    assert log.record.event == "active_job.enqueued"
    assert fields(log.record) == {
        **PLACE,
        "aborted": False,
        "arguments": [42, {"method": "card"}],
    }


def test_a_job_enqueued_for_later(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    charge.arguments = []
    charge.due_ns = 1_768_471_496_123_456_789

    happened("enqueue_at", job=charge, adapter=adapter)

    at = "2026-01-15T10:04:56.123456789Z"
    assert log.line.endswith(f"enqueued to kafka(payments), to be performed at {at}.")
    assert log.record.event == "active_job.enqueued_at"
    assert fields(log.record) == {**PLACE, "aborted": False, "arguments": [], "scheduled_at": at}


def test_an_enqueue_that_a_callback_halted(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    charge.successfully_enqueued = False

    happened("enqueue", job=charge, adapter=adapter, aborted=True)

    assert log.record.levelno == logging.INFO
    assert "was not enqueued to kafka(payments): a before_enqueue callback halted" in log.line
    assert fields(log.record)["aborted"] is True


def test_an_enqueue_that_was_refused(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    charge.enqueue_error = EnqueueError("the queue is full.")
    charge.successfully_enqueued = False

    happened("enqueue", job=charge, adapter=adapter)

    assert log.record.levelno == logging.ERROR
    assert log.line.endswith(
        "could not be enqueued to kafka(payments): EnqueueError: the queue is full."
    )
    assert fields(log.record) == {
        **PLACE,
        "aborted": False,
        "exception_class": "EnqueueError",
        "exception_message": "the queue is full.",
        "arguments": [42],
    }


def test_an_enqueue_that_an_error_left(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    failed("enqueue_at", ValueError("no money"), job=charge, adapter=adapter)

    assert log.record.levelno == logging.ERROR
    assert "could not be enqueued to kafka(payments): ValueError: no money." in log.line
    assert ERROR.items() <= fields(log.record).items()


def a_job_of(name: str, *, taken: bool) -> SimpleNamespace:
    return SimpleNamespace(job_name=name, successfully_enqueued=taken)


@pytest.mark.parametrize(
    ("jobs", "line", "classes"),
    [
        (
            [("A", True), ("B", True), ("B", True)],
            "3 jobs enqueued to kafka (2 B, 1 A).",
            {"B": 2, "A": 1},
        ),
        (
            [("A", True), ("B", False)],
            "1 job enqueued to kafka (1 A); 1 job failed to be enqueued.",
            {"A": 1},
        ),
        ([("A", False), ("B", False)], "2 jobs failed to be enqueued to kafka.", {}),
    ],
)
def test_a_bulk_enqueue(
    log: Log,
    adapter: SimpleNamespace,
    jobs: list[tuple[str, bool]],
    line: str,
    classes: dict[str, int],
) -> None:
    given = [a_job_of(name, taken=taken) for name, taken in jobs]
    count = sum(taken for _, taken in jobs)

    happened("enqueue_all", jobs=given, adapter=adapter, enqueued_count=count)

    assert log.record.levelno == logging.INFO
    assert log.line == f"[ActiveJob] {line}"
    assert log.record.event == "active_job.bulk_enqueued"
    assert fields(log.record) == {
        "adapter": "kafka",
        "job_count": len(jobs),
        "enqueued_count": count,
        "failed_enqueue_count": len(jobs) - count,
        "enqueued_classes": classes,
    }
    assert list(fields(log.record)["enqueued_classes"]) == list(classes)


def test_the_beginning_of_a_run(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    charge.enqueued_at = AT

    events.announce("perform_start.active_job", job=charge, adapter=adapter)

    assert log.line == (
        "[ActiveJob] [Charge] [id-1] Charge (id-1) is being performed from kafka(payments), "
        f"enqueued at {AT_TEXT} with arguments: 42"
    )
    assert log.record.event == "active_job.started"
    assert fields(log.record) == {**PLACE, "enqueued_at": AT_TEXT, "arguments": [42]}


def test_a_run_here_and_now_was_never_enqueued(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    events.announce("perform_start.active_job", job=charge, adapter=adapter)

    assert "enqueued" not in log.line
    assert fields(log.record)["enqueued_at"] is None


def test_the_end_of_a_run(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    happened("perform", job=charge, adapter=adapter)

    assert log.record.levelno == logging.INFO
    assert log.line.startswith(
        "[ActiveJob] [Charge] [id-1] Charge (id-1) performed from kafka(payments) in "
    )
    assert log.line.endswith(" ms.")
    assert log.record.event == "active_job.completed"
    assert fields(log.record) == {**PLACE, "aborted": False}


def test_a_run_that_a_callback_halted(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    happened("perform", job=charge, adapter=adapter, aborted=True)

    assert log.record.levelno == logging.ERROR
    assert log.line.endswith("ms: a before_perform callback halted it.")
    assert fields(log.record) == {**PLACE, "aborted": True}


def test_a_run_that_an_error_left(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    failed("perform", ValueError("no money"), job=charge, adapter=adapter)

    assert log.record.levelno == logging.ERROR
    assert log.line.endswith("ms: ValueError: no money.")
    assert log.record.exc_info is not None
    told = fields(log.record)
    (place,) = told.pop("exception_backtrace")
    assert place.startswith(__file__)
    assert place.endswith(" in failed")
    assert told == {**PLACE, "aborted": False, **ERROR}


@pytest.mark.parametrize(
    ("wait", "seconds"), [(3.9, 3), (None, 0), (timedelta(minutes=1), 60), (0, 0)]
)
def test_a_retry(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace, wait: Any, seconds: int
) -> None:
    happened("enqueue_retry", job=charge, adapter=adapter, error=ValueError("no money"), wait=wait)

    assert log.record.levelno == logging.INFO
    assert log.line == (
        "[ActiveJob] [Charge] [id-1] Charge (id-1) is tried again after 1 attempt in "
        f"{seconds} s, due to ValueError: no money."
    )
    assert log.record.event == "active_job.retry_scheduled"
    assert fields(log.record) == {**IDENTITY, "executions": 1, "wait_seconds": seconds, **ERROR}


def test_a_retry_without_an_error(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    happened("enqueue_retry", job=charge, adapter=adapter, wait=2)

    assert log.line.endswith("is enqueued again, to be performed in 2 s.")
    assert fields(log.record)["exception_class"] is None


def test_a_retry_at_once_without_an_error(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    happened("enqueue_retry", job=charge, adapter=adapter, wait=0)

    assert log.line.endswith("Charge (id-1) is enqueued again.")


def test_the_last_attempt(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    charge.executions = 5

    happened("retry_stopped", job=charge, adapter=adapter, error=ValueError("no money"))

    assert log.record.levelno == logging.ERROR
    assert log.line.endswith("is not tried again: ValueError: no money, after 5 attempts.")
    assert log.record.exc_info is not None
    assert log.record.event == "active_job.retry_stopped"
    assert fields(log.record) == {**IDENTITY, "executions": 5, **ERROR}


def test_a_discarded_job(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    happened("discard", job=charge, adapter=adapter, error=ValueError("no money"))

    assert log.record.levelno == logging.ERROR
    assert log.line.endswith("was discarded after ValueError: no money.")
    assert log.record.event == "active_job.discarded"
    assert fields(log.record) == {**IDENTITY, **ERROR}


def test_a_run_that_is_interrupted(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    progress = {
        "description": "at 'items', cursor '3'",
        "completed_steps": ["a"],
        "current_step": SimpleNamespace(name="items", cursor=3),
    }

    events.announce(
        "interrupt.active_job", job=charge, adapter=adapter, reason="stopping", **progress
    )

    assert log.record.levelno == logging.INFO
    assert log.line.endswith("was interrupted at 'items', cursor '3' (stopping).")
    assert log.record.event == "active_job.interrupt"
    assert fields(log.record) == {
        **IDENTITY,
        "description": "at 'items', cursor '3'",
        "reason": "stopping",
    }


def test_a_run_that_goes_on(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    events.announce(
        "resume.active_job",
        job=charge,
        adapter=adapter,
        description="after 'a'",
        completed_steps=["a"],
        current_step=None,
    )

    assert log.line.endswith("Charge (id-1) goes on after 'a'.")
    assert log.record.event == "active_job.resume"
    assert fields(log.record) == {**IDENTITY, "description": "after 'a'"}


def test_a_step_that_is_skipped(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    events.announce("step_skipped.active_job", job=charge, adapter=adapter, step="a")

    assert log.line.endswith("skipped the step 'a'.")
    assert log.record.event == "active_job.step_skipped"
    assert fields(log.record) == {**IDENTITY, "step": "a"}


@pytest.mark.parametrize(
    ("resumed", "line"),
    [(False, "started the step 'items'."), (True, "resumed the step 'items' from cursor 3.")],
)
def test_a_step_that_begins(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace, resumed: bool, line: str
) -> None:
    step = SimpleNamespace(name="items", cursor=3, resumed=resumed)

    events.announce("step_started.active_job", job=charge, adapter=adapter, step=step)

    assert log.line.endswith(line)
    assert log.record.event == "active_job.step_started"
    assert fields(log.record) == {**IDENTITY, "step": "items", "cursor": 3, "resumed": resumed}


STEP = SimpleNamespace(name="items", cursor=3, resumed=False)
STEP_FIELDS = {**IDENTITY, "step": "items", "cursor": 3, "interrupted": False}


def test_a_step_that_is_completed(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    happened("step", job=charge, adapter=adapter, step=STEP, interrupted=False)

    assert log.record.levelno == logging.INFO
    assert "completed the step 'items' in " in log.line
    assert log.record.event == "active_job.step"
    assert fields(log.record) == STEP_FIELDS


def test_a_step_that_fails(log: Log, charge: SimpleNamespace, adapter: SimpleNamespace) -> None:
    failed(
        "step", ValueError("no money"), job=charge, adapter=adapter, step=STEP, interrupted=False
    )

    assert log.record.levelno == logging.ERROR
    assert "failed during the step 'items' at cursor 3 in " in log.line
    assert fields(log.record) == {**STEP_FIELDS, **ERROR}


def test_a_step_that_is_interrupted_has_not_failed(
    log: Log, charge: SimpleNamespace, adapter: SimpleNamespace
) -> None:
    failed("step", KeyboardInterrupt(), job=charge, adapter=adapter, step=STEP, interrupted=True)

    assert log.record.levelno == logging.INFO
    assert "was interrupted during the step 'items' at cursor 3 after " in log.line
    assert fields(log.record) == {**STEP_FIELDS, "interrupted": True}


def test_an_adapter_without_a_name_is_named_by_its_class(log: Log, charge: SimpleNamespace) -> None:
    class PigeonAdapter:
        pass

    happened("enqueue", job=charge, adapter=PigeonAdapter())

    assert "enqueued to Pigeon(payments)" in log.line
