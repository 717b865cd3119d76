"""Who is told, when, and at what cost."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from samovar import events
from samovar.monitoring import log_subscriber
from samovar.monitoring.job_lines import EVERY_JOB, TURNS
from samovar.monitoring.structured import STRUCTURED
from samovar.monitoring.worker_lines import WORKER
from tests.support.log import Log


def test_every_event_is_told_in_one_place_but_those_which_are_the_applications() -> None:
    told = [*WORKER, *TURNS, *EVERY_JOB]
    the_applications = {"error.reported", "active_job.consume", "active_job.consumed"}

    assert sorted(told) == sorted(events.EVENTS.keys() - the_applications)
    assert STRUCTURED.keys() == {*TURNS, *EVERY_JOB}


def test_jobs_that_just_succeed_are_told_on_demand_only(log: Log) -> None:
    log_subscriber.detach()
    log_subscriber.attach()

    assert not EVERY_JOB.keys() & events.heard.keys()
    assert TURNS.keys() <= events.heard.keys()
    assert WORKER.keys() <= events.heard.keys()


def test_attaching_again_adds_and_repeats_nothing(log: Log, charge: Any, adapter: Any) -> None:
    log_subscriber.attach()
    log_subscriber.attach(every_job=True)

    events.announce("enqueue.active_job", job=charge, adapter=adapter)

    assert len(log.records) == 1


def test_nothing_is_worded_below_the_loggers_level(
    log: Log, charge: Any, adapter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger="samovar")
    del charge.arguments, charge.keyword_arguments, charge.queue_name

    events.announce("perform_start.active_job", job=charge, adapter=adapter)
    events.announce("worker.quieted")

    assert log.records == []


def test_what_is_enqueued_within_a_run_bears_the_runs_tags(
    log: Log, charge: Any, adapter: Any
) -> None:
    running = SimpleNamespace(job_name="Import", job_id="id-9")
    log.configure(current_job=lambda: running)

    events.announce("enqueue.active_job", job=charge, adapter=adapter)

    assert log.line.startswith("[ActiveJob] [Import] [id-9] Charge (id-1) enqueued")
    assert log.record.tags == ["ActiveJob", "Import", "id-9"]


def test_a_class_that_hides_its_arguments_beats_the_application(
    log: Log, charge: Any, adapter: Any
) -> None:
    charge.log_arguments = False

    events.announce("enqueue.active_job", job=charge, adapter=adapter)
    events.announce("perform_start.active_job", job=charge, adapter=adapter)

    for record in log.records:
        assert "42" not in record.getMessage()
        assert "arguments" not in record.payload


def test_an_application_hides_arguments_unless_a_class_shows_them(
    log: Log, charge: Any, adapter: Any
) -> None:
    log.configure(log_arguments=False)
    hidden = SimpleNamespace(**{**vars(charge), "log_arguments": None})
    shown = SimpleNamespace(**{**vars(charge), "log_arguments": True})

    for job in (hidden, shown):
        events.announce("enqueue.active_job", job=job, adapter=adapter)

    assert [line.endswith("with arguments: 42") for line in log.lines] == [False, True]
    assert ["arguments" in record.payload for record in log.records] == [False, True]


def test_no_arguments_leave_no_suffix(log: Log, charge: Any, adapter: Any) -> None:
    charge.arguments = []

    events.announce("enqueue.active_job", job=charge, adapter=adapter)

    assert log.line.endswith("enqueued to kafka(payments).")


def test_arguments_that_cannot_be_decoded_do_not_cost_the_line(log: Log, adapter: Any) -> None:
    class Unreadable(SimpleNamespace):
        @property
        def keyword_arguments(self) -> dict[str, Any]:
            raise ValueError("no such record")

    job = Unreadable(
        job_name="Charge",
        job_id="id-1",
        queue_name="payments",
        due_ns=None,
        successfully_enqueued=True,
        enqueue_error=None,
    )

    events.announce("enqueue.active_job", job=job, adapter=adapter)

    assert log.line.endswith("enqueued to kafka(payments).")


def test_the_line_that_enqueued_is_told_when_wanted(log: Log, charge: Any, adapter: Any) -> None:
    log.configure(verbose_enqueue_logs=True)

    events.announce("enqueue.active_job", job=charge, adapter=adapter)
    events.announce("perform_start.active_job", job=charge, adapter=adapter)

    _, caller, _ = log.lines
    assert caller.startswith("[ActiveJob] ↳ ")
    assert "test_log_subscriber.py:" in caller


def test_engine_events_carry_fields_too(log: Log) -> None:
    events.announce("listener.failed", error=ValueError("gone"), retry_in=1.0)

    assert log.line == "The listener failed and starts anew in 1 s: ValueError: gone."
    assert log.record.exc_info is not None
    assert log.record.event == "listener.failed"
    assert log.record.payload == {
        "error": {"class": "ValueError", "message": "gone"},
        "retry_in": 1.0,
    }


def test_the_words_for_attributes_that_nobody_knows(log: Log) -> None:
    events.announce("current_attributes.unknown", name="Current", attributes=["tenant", "user"])

    assert log.record.levelno == logging.WARNING
    assert log.line.endswith("Current lacks; they were left out: tenant, user.")


def test_partitions_are_told_by_topic(log: Log) -> None:
    came = (("orders", 3), ("mail", 1), ("mail", 0), ("mail", 2), ("orders", 0))

    events.announce("partitions.assigned", group="shop", partitions=came)

    assert log.lines == ["Partitions came: mail[0-2], orders[0, 3]."]


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (1, "1 job in later[4] waits for its time."),
        (2, "2 jobs in later[4] wait for their time."),
    ],
)
def test_the_words_for_jobs_that_wait(log: Log, waiting: int, words: str) -> None:
    events.announce("schedule.loaded", topic="later", partition=4, waiting=waiting)

    assert log.lines == [words]


@pytest.mark.parametrize("event", ["partitions.assigned", "partitions.revoked", "partitions.lost"])
def test_partitions_that_did_not_move_are_not_told(log: Log, event: str) -> None:
    events.announce(event, group="shop", partitions=())

    assert log.lines == []


def test_a_schedule_in_which_nothing_waits_is_not_told(log: Log) -> None:
    events.announce("schedule.loaded", topic="later", partition=4, waiting=0)

    assert log.lines == []
