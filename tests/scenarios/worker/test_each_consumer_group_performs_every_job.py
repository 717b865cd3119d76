"""Two consumer groups on one queue: each performs every job once, at its own pace."""

from __future__ import annotations

import signal
from collections import Counter

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

ROUTES = """
app.job_topic("default", partitions=2)
with app.consumer_group("{prefix}-audit"):
    app.job_topic("default", partitions=2)
"""


def test_each_consumer_group_performs_every_job(stage: Stage) -> None:
    stage.declare(ROUTES.format(prefix=stage.prefix))

    with stage.steady_worker() as worker:
        stage.put((n % 2, JournalJob(n)) for n in range(20))
        stage.journal.wait(lambda journal: len(journal.notes("done")) >= 40)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert Counter(stage.journal.numbers("done")) == Counter([*range(20), *range(20)])
    topic = stage.topic()
    assert sum(stage.committed().values()) == 20
    assert sum(stage.admin.committed(f"{stage.prefix}-audit", topic).values()) == 20


def test_a_group_that_is_left_out_waits_for_its_own_worker(stage: Stage) -> None:
    stage.declare(ROUTES.format(prefix=stage.prefix))
    audit = f"{stage.prefix}-audit"

    with stage.steady_worker("--exclude-group", audit) as worker:
        stage.put([(0, JournalJob(1))])
        stage.journal.wait_for("done", 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert stage.journal.numbers("done") == [1]

    with stage.steady_worker("--include-group", audit) as worker:
        stage.journal.wait(lambda journal: journal.numbers("done") == [1, 1])
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
