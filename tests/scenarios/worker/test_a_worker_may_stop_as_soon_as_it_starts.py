"""Start, and stop at once: before the first assignment as well, nobody waits for long (F08)."""

from __future__ import annotations

import signal
import time

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

START_AND_STOP = """
import time
import tests.jobs.sample
from samovar.loading import load_app

app = load_app()
app.create_topics()
for _ in range(5):
    worker = app.worker()
    began = time.monotonic()
    worker.start()
    assert worker.stop()
    assert time.monotonic() - began < 10
assert app.close() == 0
"""


def test_a_worker_may_stop_as_soon_as_it_starts(stage: Stage) -> None:
    stage.create()
    stage.put((n % 8, JournalJob(n, 0.01)) for n in range(800))

    run = stage.script(START_AND_STOP)

    assert run.returncode == 0, run.stderr
    started = stage.journal.numbers("start")
    assert len(started) == len(set(started))


def test_term_before_the_first_assignment_ends_the_process_in_order(stage: Stage) -> None:
    with stage.steady_worker() as worker:
        asked = time.monotonic()
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
        assert time.monotonic() - asked < 10
