"""The adapters that need no backend: inline and async."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from samovar import ConfigurationError, Job, SchedulingNotSupportedError, retry_on
from tests.support.applications import application

SEEN: list[Any] = []
DONE = threading.Event()


class NoteJob(Job):
    def perform(self, value: Any) -> None:
        SEEN.append((threading.current_thread().name, value, self.provider_job_id))
        DONE.set()


class BreakingJob(Job):
    def perform(self) -> None:
        raise ValueError("boom")


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()
    DONE.clear()


def test_inline_performs_at_once_with_copies_of_the_arguments() -> None:
    value = {"a": [1]}
    with application(queue_adapter="inline"):
        assert NoteJob.perform_later(value)

    ((thread, got, _),) = SEEN
    assert thread == threading.current_thread().name
    assert got == value
    assert got is not value


def test_inline_lets_errors_reach_the_caller() -> None:
    with application(queue_adapter="inline"), pytest.raises(ValueError, match="boom"):
        BreakingJob.perform_later()


def test_inline_cannot_wait() -> None:
    with (
        application(queue_adapter="inline"),
        pytest.raises(SchedulingNotSupportedError, match=r"inline adapter .* cannot wait"),
    ):
        NoteJob.set(wait=5).perform_later(1)


def test_inline_performs_a_bulk_in_order() -> None:
    with application(queue_adapter="inline"):
        NoteJob.perform_bulk([(1,), (2,), (3,)])

    assert [value for _, value, _ in SEEN] == [1, 2, 3]


def test_async_performs_on_a_thread_of_its_own_and_gives_the_job_an_id() -> None:
    with application(queue_adapter="async"):
        job = NoteJob.perform_later(1)
        assert DONE.wait(10)

    assert job
    ((thread, _, provider_job_id),) = SEEN
    assert thread.startswith("samovar-async")
    assert provider_job_id == job.provider_job_id


def test_async_waits_for_a_jobs_time() -> None:
    with application(queue_adapter="async"):
        NoteJob.set(wait=0.05).perform_later(1)
        assert SEEN == []
        assert DONE.wait(10)


def test_async_finishes_what_it_took_when_it_closes() -> None:
    with application(queue_adapter="async") as app:
        NoteJob.perform_bulk([(number,) for number in range(50)])
        assert app.close(timeout=10) == 0

    assert len(SEEN) == 50


def test_async_counts_delayed_jobs_as_lost_when_it_closes() -> None:
    with application(queue_adapter="async") as app:
        NoteJob.set(wait=60).perform_later(1)
        assert app.close(timeout=1) == 1


def test_async_tells_of_an_error_that_nobody_waits_for(caplog: pytest.LogCaptureFixture) -> None:
    with application(queue_adapter="async") as app:
        BreakingJob.perform_later()
        app.close(timeout=10)

    assert "A job failed and is lost: ValueError: boom" in caplog.text


def test_async_retries_with_its_wait() -> None:
    @retry_on(ValueError, wait=0.01, jitter=0, attempts=2, exhausted=lambda job, e: DONE.set())
    class WaitingJob(Job):
        def perform(self) -> None:
            raise ValueError("boom")

    with application(queue_adapter="async"):
        WaitingJob.perform_later()
        assert DONE.wait(10)


@pytest.mark.parametrize(("name", "version"), [("sidekiq", "0.2"), ("solid_queue", "0.3")])
def test_an_adapter_of_a_later_version_is_refused_wherever_it_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, version: str
) -> None:
    said = f"{name} is planned for version {version}."

    with pytest.raises(ConfigurationError, match=said), application(queue_adapter=name):
        pass
    monkeypatch.setattr(NoteJob, "queue_adapter", name)
    with (
        application(queue_adapter="inline"),
        pytest.raises(ConfigurationError, match=f"There is no adapter '{name}'.* {said}"),
    ):
        NoteJob.perform_later(1)
