"""The application object: what it opens it lets go."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psutil
import pytest

from samovar import ConfigurationError, Job
from tests.support.applications import application


def test_a_log_that_was_only_looked_at_is_closed_with_the_application(tmp_path: Path) -> None:
    log = tmp_path / "log.db"

    with application(embedded={"path": log}) as app:
        app.create_topics(["mail"])
        assert str(log) in open_files()

    assert str(log) not in open_files()


def test_all_that_was_drawn_is_found_fault_with_at_once() -> None:
    class FaultyJob(Job):
        def perform(self) -> None: ...

    with application() as app:
        app.job_topic("mail", partitons=3)  # pyright: ignore[reportCallIssue]
        app.scheduled_messages("scheduled", partitions=0)
        app.recurring("a b", FaultyJob, every=5)
        app.topic_defaults(max_messages=0)
        app.job_topic("told", assign=[0])
        app.job_topic("shared")
        for look in (app.check, app.worker, app.create_topics, app.alignment):
            with pytest.raises(ConfigurationError) as told:
                look()
            assert [fault.split(":")[0] for fault in told.value.faults] == [
                "job_topic('mail')",
                "topic_defaults()",
                "scheduled_messages('scheduled')",
                "recurring('a b')",
                "The consumer group 'samovar'",
            ]


def test_dead_jobs_and_queues_of_an_embedded_log_can_be_looked_at(tmp_path: Path) -> None:
    with application(embedded={"path": tmp_path / "log.db"}) as app:
        app.create_topics(["mail"])
        with closing(app.inspector()) as inspector:
            assert "mail" in [queue.name for queue in inspector.queues()]
        with closing(app.dead_letter_store()) as store:
            assert store.topics() == []


@pytest.mark.parametrize("adapter", ["test", "inline", "async"])
def test_what_has_no_worker_says_so(adapter: str) -> None:
    with (
        application(queue_adapter=adapter) as app,
        pytest.raises(ConfigurationError, match=f"queue_adapter is '{adapter}', which has no work"),
    ):
        app.worker()


@pytest.mark.parametrize("adapter", ["test", "inline", "async"])
def test_a_producer_without_a_log_says_what_it_needs(adapter: str) -> None:
    with (
        application(queue_adapter=adapter) as app,
        pytest.raises(ConfigurationError, match=f"app.producer .* queue_adapter is '{adapter}'"),
    ):
        app.producer  # noqa: B018


def open_files() -> set[str]:
    return {file.path for file in psutil.Process().open_files()}
