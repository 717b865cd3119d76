"""What is fetched behind a job that takes its time."""

from __future__ import annotations

from samovar.broker.port import Record
from samovar.engine.flow.long_running import LONG_SECONDS, LongRunning


def test_a_partition_is_paused_once_its_job_turns_out_long() -> None:
    stage = LongRunning()
    job, next_job = Record(1, b""), Record(2, b"")

    assert not stage.pauses(job, 100.0)
    assert not stage.pauses(job, 100.0 + LONG_SECONDS / 2)
    assert stage.pauses(job, 100.0 + LONG_SECONDS)
    assert not stage.pauses(next_job, 101.0 + LONG_SECONDS)


def test_short_jobs_never_pause_it() -> None:
    stage = LongRunning()

    assert not any(stage.pauses(Record(n, b""), n * LONG_SECONDS) for n in range(10))


def test_an_idle_partition_is_not_paused() -> None:
    stage = LongRunning()

    assert not any(stage.pauses(None, n * LONG_SECONDS) for n in range(10))
