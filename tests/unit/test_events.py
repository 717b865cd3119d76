"""The bus: a closed list of events, and subscribers that can harm nobody."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samovar import ArgumentError, events, subscribe, unsubscribe
from samovar.events import Event


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    seen: list[Event] = []
    hear = seen.append
    subscribe("worker.started")(hear)
    yield seen
    unsubscribe(hear)


def test_a_subscriber_hears_name_payload_and_duration(heard: list[Event]) -> None:
    with events.instrument("worker.started", queues=("a",)) as payload:
        payload["concurrency"] = 5

    (event,) = heard
    assert event.name == "worker.started"
    assert event.payload == {"queues": ("a",), "concurrency": 5}
    assert event.duration >= 0


def test_an_error_in_the_block_is_in_the_payload_and_goes_on(heard: list[Event]) -> None:
    with pytest.raises(ValueError, match="boom"), events.instrument("worker.started"):
        raise ValueError("boom")

    assert isinstance(heard[0].payload["exception_object"], ValueError)
    assert heard[0].payload["exception"] == ["ValueError", "boom"]


def test_a_block_that_nobody_hears_runs_all_the_same() -> None:
    with events.instrument("worker.started", queues=()) as payload:
        payload["concurrency"] = 5

    with pytest.raises(ValueError, match="boom"), events.instrument("worker.started"):
        raise ValueError("boom")


def test_the_reference_lists_every_event() -> None:
    page = Path("docs/reference/events.md").read_text()

    assert [name for name in events.EVENTS if f"`{name}`" not in page] == []


def test_a_pattern_hears_every_event_it_matches() -> None:
    names: list[str] = []

    def hear(event: Event) -> None:
        names.append(event.name)

    subscribe(re.compile(r"^worker\."))(hear)
    try:
        events.announce("worker.quieted")
        events.announce("broker.error", error=None)
    finally:
        unsubscribe(hear)
    events.announce("worker.quieted")

    assert names == ["worker.quieted"]


@pytest.mark.parametrize("name", ["worker.strated", "", "perform"])
def test_an_event_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="There is no event"):
        subscribe(name)(print)
    with pytest.raises(ArgumentError):
        events.announce(name)
    with pytest.raises(ArgumentError):
        events.instrument(name)


def test_a_failing_subscriber_is_reported_and_stops_nobody(
    heard: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("listener")

    subscribe("worker.started")(fail)
    try:
        with caplog.at_level(logging.ERROR, logger="samovar"):
            events.announce("worker.started")
    finally:
        unsubscribe(fail)

    assert len(heard) == 1
    assert "failed on the event worker.started" in caplog.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("retry.active_job", "enqueue_retry.active_job"),
        ("enqueued.active_job", "enqueue.active_job"),
        ("worker.start", "worker.started"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match=rf"Did you mean .*'{meant}'"):
        subscribe(typed)


def test_a_pattern_that_no_event_matches_is_refused() -> None:
    with pytest.raises(ArgumentError, match="No event has a name that the pattern 'retry_job'"):
        subscribe(re.compile("retry_job"))


def test_an_event_knows_when_it_was_and_has_one_id_for_all(heard: list[Event]) -> None:
    others: list[Event] = []
    hear = others.append
    before = datetime.now(UTC)
    subscribe("worker.started")(hear)
    try:
        with events.instrument("worker.started"):
            pass
        events.announce("worker.started")
    finally:
        unsubscribe(hear)
    after = datetime.now(UTC)

    measured, announced = heard
    assert before - timedelta(milliseconds=2) <= measured.started <= measured.finished <= after
    assert (measured.finished - measured.started).total_seconds() == pytest.approx(
        measured.duration, abs=2e-6
    )
    assert announced.started == announced.finished
    assert [event.unique_id for event in others] == [event.unique_id for event in heard]
    assert measured.unique_id != announced.unique_id
