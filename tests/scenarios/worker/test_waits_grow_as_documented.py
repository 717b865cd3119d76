"""C03 and C08: each wait is twice the one before, up to the longest, and tells where it is."""

from __future__ import annotations

import re
import signal
from itertools import pairwise

import pytest

from tests.jobs.sample import FailingJob, JournalJob
from tests.support.stage import Stage

ROUTE = "app.job_topic('default', {}, pause=Pause(timeout=0.05, max_timeout=0.4{}))"


@pytest.mark.parametrize("ordering", ["partition", "none"])
@pytest.mark.parametrize("exponential", [True, False])
def test_waits_grow_as_documented(stage: Stage, exponential: bool, ordering: str) -> None:
    constant = "" if exponential else ", exponential=False"
    stage.declare(ROUTE.format(f"ordering={ordering!r}", constant))
    stage.create(partitions=2)
    failing = FailingJob(2)
    stage.put([(1, JournalJob(1)), (1, failing)])

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: journal.numbers("start").count(2) >= 6)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    place = f"FailingJob ({failing.job_id}) at {stage.topic()}[1]@1 failed"
    told = re.findall(
        re.escape(place) + r" \(attempt (\d+)\): RuntimeError: job 2 fails; tried again in (.+) s",
        worker.output,
    )
    waits = [0.1, 0.2, 0.4, 0.4, 0.4] if exponential else [0.05] * 5
    assert [(int(attempt), float(wait)) for attempt, wait in told[:5]] == list(enumerate(waits, 1))
    tries = [line.at for line in stage.journal.lines("start") if line.what == "2"]
    for (sooner, later), wait in zip(pairwise(tries[:6]), waits, strict=True):
        assert later - sooner >= wait
