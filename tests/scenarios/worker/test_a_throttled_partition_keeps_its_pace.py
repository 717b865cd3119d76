"""`throttle`: no more jobs of a partition within an interval than its limit, and none is lost."""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

LIMIT, INTERVAL_SECONDS = 4, 2.0
JOBS = 10


def test_a_throttled_partition_keeps_its_pace(stage: Stage) -> None:
    stage.declare(
        "from samovar import Throttle\n"
        f"app.job_topic('default', throttle=Throttle({LIMIT}, {INTERVAL_SECONDS}))\n"
        "app.job_topic('free')"
    )
    for queue in ("default", "free"):
        stage.create(queue, partitions=1)

    with stage.steady_worker() as worker:
        stage.put((0, JournalJob(n)) for n in range(JOBS))
        stage.put(((0, JournalJob(n)) for n in range(100, 140)), "free")
        stage.journal.wait_for("done", *range(JOBS), *range(100, 140))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    lines = [line for line in stage.journal.lines("start") if int(line.what) < JOBS]
    assert [int(line.what) for line in lines] == list(range(JOBS))
    # A job may begin a little after it was admitted, and so a little nearer to the next.
    for sooner, later in zip(lines, lines[LIMIT:], strict=False):
        assert later.at - sooner.at >= INTERVAL_SECONDS - 0.5
    assert stage.journal.numbers("start").index(139) < stage.journal.numbers("start").index(LIMIT)
