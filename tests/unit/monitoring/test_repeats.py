"""A line that comes again and again is written once a minute, with a count."""

from __future__ import annotations

import logging

import pytest

from samovar import events
from samovar.monitoring.repeats import INTERVAL_SECONDS, MAX_KINDS, Repeats
from samovar.support import clock
from tests.support.log import Log


def test_lines_that_differ_in_numbers_alone_are_alike() -> None:
    repeats = Repeats()

    assert repeats.admit("host:9092: refused after 1 ms", 0) == 0
    assert repeats.admit("host:9092: refused after 25 ms", 1) is None
    assert repeats.admit("host:9092: timed out after 25 ms", 2) == 0
    assert repeats.admit("host:9092: refused after 3 ms", INTERVAL_SECONDS - 0.1) is None
    assert repeats.admit("host:9092: refused after 3 ms", INTERVAL_SECONDS) == 2
    assert repeats.admit("host:9092: refused after 3 ms", INTERVAL_SECONDS + 1) is None


def test_the_oldest_kind_is_forgotten() -> None:
    repeats = Repeats()
    for number in range(MAX_KINDS + 1):
        repeats.admit("x" * number, 0)

    assert repeats.admit("", 1) == 0
    assert repeats.admit("x" * MAX_KINDS, 1) is None


def test_a_broker_that_is_away_is_reported_once_a_minute(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    for _ in range(500):
        events.announce("broker.error", error=ConnectionError("refused"))
        events.announce("listener.failed", error=ConnectionError("refused"), retry_in=1.0)
    now += INTERVAL_SECONDS
    events.announce("broker.error", error=ConnectionError("refused"))

    assert log.lines == [
        "ConnectionError: refused",
        "The listener failed and starts anew in 1 s: ConnectionError: refused.",
        "ConnectionError: refused (499 more like it were not written.)",
    ]
    assert log.records[-1].payload["not_written"] == 499


def test_each_failed_job_is_reported(log: Log) -> None:
    for offset in range(3):
        events.announce("producer.failed", topic="mail", error=ValueError(f"{offset}"), count=1)

    assert len(log.lines) == 3
    assert {record.levelno for record in log.records} == {logging.ERROR}
