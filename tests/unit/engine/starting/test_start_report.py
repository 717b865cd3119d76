"""What a worker says at its start of the queues that it serves, and of those that it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from samovar import App, DeadLetterQueue, Job, VirtualPartitions, events
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import TopicSpec
from samovar.cli.start_table import MAX_ROWS, table
from samovar.engine.routing.choice import Choice
from samovar.engine.starting.report import ServedQueue
from samovar.events import Event
from samovar.job.state import JOB_CLASSES
from samovar.support.names import ClassNames
from tests.support.applications import application


@pytest.fixture(autouse=True)
def no_other_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JOB_CLASSES, "_classes", ClassNames[Job]()._classes)  # pyright: ignore


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with application(queue_adapter="embedded", embedded={"path": tmp_path / "log.db"}) as app:
        yield app


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    seen: list[Event] = []
    hear = seen.append
    events.subscribe("queue.unserved")(hear)
    yield seen
    events.unsubscribe(hear)


def unserved(
    app: App, heard: Sequence[Event], queues: Sequence[str] = (), choice: Choice | None = None
) -> dict[str, tuple[str, ...]]:
    app.worker(queues=queues, choice=choice)
    return {event.payload["queue"]: event.payload["named_by"] for event in heard}


def classes() -> dict[str, type[Job]]:
    class ApplicationJob(Job):
        queue_as = "nobody"

    class MailJob(ApplicationJob):
        queue_as = "mail"

        def perform(self) -> None: ...

    class NewsJob(ApplicationJob):
        queue_as = "mail"

        def perform(self) -> None: ...

    class ChoosingJob(ApplicationJob):
        queue_as = None

        def choose_queue(self) -> str:
            return "chosen"

        def perform(self) -> None: ...

    return {cls.__name__: cls for cls in (ApplicationJob, MailJob, NewsJob, ChoosingJob)}


def test_each_queue_is_described(app: App) -> None:
    dead = DeadLetterQueue
    app.job_topic("a", partitions=3)
    app.job_topic("b", partitions=1, ordering="key", dead_letter_queue=dead("b_dead"))
    app.job_topic("c", partitions=1, ordering="none", dead_letter_queue=dead(False, max_retries=0))
    lanes = VirtualPartitions(partitioner=lambda record: record.key)
    strategic = dead("strategy", strategy=lambda errors, attempt: "retry")
    app.job_topic("d", partitions=1, virtual_partitions=lanes, dead_letter_queue=strategic)
    app.create_topics()

    rows = [(r.name, r.partitions, r.ordering, r.failures) for r in app.start_report()]

    assert rows == [
        ("a", 3, "by partition", "retried for ever"),
        ("b", 1, "by key", "3 retries, then to b_dead"),
        ("c", 1, "none", "0 retries, then dropped"),
        ("d", 1, "by virtual partition", "as the strategy decides"),
    ]


def test_a_queue_that_was_not_declared_is_described_as_it_is_there(
    app: App, tmp_path: Path
) -> None:
    admin = EmbeddedBroker(tmp_path / "log.db").admin()
    admin.create_topics([TopicSpec(name="undeclared", partitions=5)])

    (row,) = app.start_report()

    assert (row.name, row.partitions, row.failures) == (
        "undeclared",
        5,
        "3 retries, then to undeclared_dead",
    )


def test_what_is_left_out_is_not_described(app: App) -> None:
    for name in "abc":
        app.job_topic(name, partitions=1)

    def names(**choice: Any) -> list[str]:
        return [row.name for row in app.start_report(choice=Choice(**choice))]

    assert names(exclude_topics=("b",)) == ["a", "c"]
    assert names(include_topics=("b",)) == ["b"]


def test_a_table_is_made_of_them() -> None:
    rows = [
        ServedQueue(name=f"q{n:02}", group="g", partitions=n or None, ordering="none", failures="-")
        for n in range(MAX_ROWS + 2)
    ]

    lines = list(table(rows))

    assert lines[:4] == [
        "Queues:",
        "  queue  partitions  order  a job that keeps failing",
        "  q00    none yet    none   -",
        "  q01    1           none   -",
    ]
    assert lines[-1] == "  and 2 more"
    assert list(table([])) == ["Queues: none yet."]


def test_a_queue_that_nobody_serves_is_named_with_who_names_it(
    app: App, heard: list[Event]
) -> None:
    made = classes()
    app.recurring("nightly", made["MailJob"], every=60, queue="reports")
    app.job_topic("other")

    assert unserved(app, heard) == {
        "mail": ("MailJob", "NewsJob"),
        "reports": ("the recurring task nightly",),
    }


@pytest.mark.parametrize("option", ["include_topics", "exclude_topics"])
def test_what_the_worker_is_told_to_leave_out_is_not_served(
    app: App, heard: list[Event], option: str
) -> None:
    assert classes()
    for name in ("mail", "other"):
        app.job_topic(name)
    left = "other" if option == "include_topics" else "mail"

    choice = Choice(**{option: (left,)})  # type: ignore[arg-type]

    assert set(unserved(app, heard, choice=choice)) == {"mail"}


def test_a_pattern_serves_a_queue_before_its_topic_is_there(app: App, heard: list[Event]) -> None:
    assert classes()
    app.job_topic(re.compile("ma.*"))

    assert unserved(app, heard) == {}


def test_a_class_without_perform_makes_no_queue(app: App) -> None:
    assert classes()

    created = app.create_topics()

    assert "nobody" not in created
    assert "mail" in created
