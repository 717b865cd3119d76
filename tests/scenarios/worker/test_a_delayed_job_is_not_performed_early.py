"""`delay_by`: no job begins before its record is old enough; other queues are not slowed (I01)."""

from __future__ import annotations

import signal
import time

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

DELAY_SECONDS = 3.0
LATE, PROMPT = range(8), range(100, 140)
IN_THE_LOG = sorted(LATE, key=lambda n: (n % 2, n))


def test_a_delayed_job_is_not_performed_early(stage: Stage) -> None:
    stage.declare(f"app.job_topic('late', delay_by={DELAY_SECONDS})\napp.job_topic('prompt')")
    for queue in ("late", "prompt"):
        stage.create(queue, partitions=2)

    with stage.steady_worker() as worker:
        stage.put([(n % 2, JournalJob(n)) for n in LATE], "late")
        stage.put([(n % 2, JournalJob(n)) for n in PROMPT], "prompt")
        stage.journal.wait_for("done", *LATE, *PROMPT)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    wall_clock = time.time() - time.monotonic()
    started = {int(line.what): line.at + wall_clock for line in stage.journal.lines("start")}
    made = {
        n: record.timestamp / 1000
        for n, record in zip(IN_THE_LOG, stage.records("late"), strict=True)
    }
    # A millisecond for the two clocks, which are not read at the same instant.
    assert min(started[n] - made[n] for n in LATE) >= DELAY_SECONDS - 0.001
    assert max(started[n] for n in PROMPT) < min(started[n] for n in LATE)
    assert sorted(stage.journal.numbers("start")) == [*LATE, *PROMPT]
