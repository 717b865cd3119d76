"""A script enqueues while no broker can be reached: it ends in time, says so, and fails."""

from __future__ import annotations

import time

from samovar.processes import exit_status
from tests.support.stage import Stage

#: Nobody listens there.
NOWHERE = "127.0.0.1:1"

GIVES_UP = """
from tests.jobs.sample import JournalJob

JournalJob.perform_bulk([(number,) for number in range(3)])
"""

IS_CLOSED_FIRST = """
from samovar.loading import load_app

app = load_app()
from tests.jobs.sample import JournalJob

JournalJob.perform_bulk([(number,) for number in range(3)])
assert app.close(1.0) == 3
"""


def test_jobs_that_a_close_gave_up_are_counted_aloud(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers=NOWHERE)

    done = kafka_stage.script(IS_CLOSED_FIRST)

    assert done.returncode == 0, done.stderr
    assert "3 enqueued jobs were NOT delivered" in done.stderr


def test_a_script_that_lost_jobs_fails(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers=NOWHERE)

    done = kafka_stage.script(f"import samovar.app\nsamovar.app.EXIT_SECONDS = 1.0\n{GIVES_UP}")

    assert "3 enqueued jobs were NOT delivered" in done.stderr
    assert done.returncode == exit_status.UNDELIVERED


def test_jobs_that_timed_out_at_the_exit_are_reported_each_time(kafka_stage: Stage) -> None:
    kafka_stage.configure("kafka", bootstrap_servers=NOWHERE, settings={"message.timeout.ms": 1000})

    started = time.monotonic()
    done = kafka_stage.script(GIVES_UP)

    assert time.monotonic() - started < 45
    assert done.stderr.count("was not delivered") == 3 or "3 enqueued jobs" in done.stderr
    assert done.returncode == exit_status.UNDELIVERED
