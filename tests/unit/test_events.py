"""The bus: a closed list of events, and subscribers that can harm nobody."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
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
