"""kill -9 during a job in steps: its next run begins where its record says, not where it was.

Progress is saved when the job is enqueued again, not at each checkpoint.
"""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from tests.jobs.steps import StepsJob
from tests.support.stage import Stage

COUNT = 200


@pytest.mark.timeout(180)
def test_a_continuation_repeats_what_a_killed_run_did(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.configure(imports=["tests.jobs.steps"])
    stage.create(partitions=1)
    stage.put([(0, StepsJob(7, COUNT))])

    with stage.steady_worker() as first:
        stage.journal.wait(lambda journal: len(journal.notes("item")) >= 20)
        first.signal(signal.SIGTERM)
        assert first.wait() == 0
    saved = len(stage.journal.notes("item"))
    with stage.worker() as second:
        stage.journal.wait(lambda journal: len(journal.notes("item")) >= saved + 20)
        second.kill()
    killed_at = len(stage.journal.notes("item"))
    with stage.steady_worker() as third:
        stage.journal.wait(lambda journal: journal.notes("done"), within=90)
        third.signal(signal.SIGTERM)
        assert third.wait() == 0

    items = stage.journal.numbers("item")
    assert items[:killed_at] == list(range(killed_at))
    assert items[killed_at:] == list(range(saved, COUNT))
    assert set(Counter(items[:saved]).values()) == {1}
    assert stage.journal.notes("prepared") == ["7"]
