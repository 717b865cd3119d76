"""`cancel_scheduled` takes back a job that waits, and says whether it still waited."""

from __future__ import annotations

from typing import Any

import pytest

import samovar
from samovar import ArgumentError, SchedulingNotSupportedError
from samovar.engine.scheduled import waiting
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.stage import Stage


def test_a_cancelled_job_is_not_performed(log_stage: Stage) -> None:
    """J03."""
    log_stage.app  # noqa: B018 -- jobs need an application
    gone = DeferredJob.set(wait=1).perform_later(1)
    kept = DeferredJob.set(wait=1.1).perform_later(2)
    assert gone
    assert kept

    assert samovar.cancel_scheduled(gone.job_id) is True
    assert samovar.cancel_scheduled(gone.job_id) is False
    with log_stage.steady_worker():
        log_stage.journal.wait_for("done", 2)
        assert samovar.cancel_scheduled(kept.job_id) is False

    assert log_stage.journal.numbers() == [2]
    assert len(log_stage.records()) == 1


def test_a_job_that_did_not_wait_cannot_be_taken_back(log_stage: Stage) -> None:
    log_stage.app  # noqa: B018 -- jobs need an application
    job = DeferredJob.perform_later(1)
    assert job

    assert samovar.cancel_scheduled(job.job_id) is False
    eventually(lambda: len(log_stage.records()) == 1)


def test_a_kept_schedule_answers_wherever_the_job_waits(
    schedule_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = schedule_stage
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 60.0)
    monkeypatch.setattr(waiting.Waiting, "_waited", lambda *_: pytest.fail("nobody answered"))
    stage.app  # noqa: B018 -- jobs need an application
    with stage.steady_worker():
        jobs = [DeferredJob(n).set(wait=3600) for n in range(6)]
        samovar.perform_all_later(jobs)

        answers = [samovar.cancel_scheduled(job.job_id) for job in jobs]
        again = samovar.cancel_scheduled(jobs[0].job_id)

        assert answers == [True] * 6
        assert again is False


def test_what_is_no_job_id_is_told(log_stage: Stage) -> None:
    log_stage.app  # noqa: B018 -- jobs need an application
    job: Any = DeferredJob(1)

    with pytest.raises(ArgumentError, match="a job's id"):
        samovar.cancel_scheduled(job)


def test_an_adapter_that_holds_no_jobs_says_so(log_stage: Stage) -> None:
    log_stage.app  # noqa: B018 -- jobs need an application

    with pytest.raises(SchedulingNotSupportedError, match="InlineAdapter"):
        samovar.cancel_scheduled("x", queue_adapter="inline")


def test_kafka_refuses_what_waits_and_what_would_cancel_it_when_no_topic_is_named(
    kafka_stage: Stage,
) -> None:
    """A08."""
    kafka_stage.app  # noqa: B018 -- jobs need an application

    with pytest.raises(SchedulingNotSupportedError, match=r"kafka adapter .* DeferredJob"):
        DeferredJob.set(wait=60).perform_later(1)
    with pytest.raises(SchedulingNotSupportedError, match="kafka adapter"):
        samovar.cancel_scheduled("x")

    assert kafka_stage.topic() not in kafka_stage.admin.topics()
