"""Leaving a group ends in time, whatever the broker does."""

from __future__ import annotations

import threading

import pytest

from samovar.broker.kafka.leaving import run_until
from samovar.processes.restarting import seconds_to_leave
from samovar.support import clock


def test_what_ends_in_time_has_ended():
    done = threading.Event()

    assert run_until(clock.monotonic() + 60, done.set)
    assert done.is_set()


def test_what_takes_too_long_is_left_alone():
    held_up = threading.Event()

    assert not run_until(clock.monotonic() + 0.01, held_up.wait)
    held_up.set()


def test_an_error_is_raised():
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_until(clock.monotonic() + 60, fail)


def test_a_process_that_is_to_end_soon_leaves_sooner():
    assert seconds_to_leave(float("inf"), 10) == 10
    assert 3 < seconds_to_leave(clock.monotonic() + 5, 10) < 5
    assert seconds_to_leave(clock.monotonic() - 1, 10) == 0
