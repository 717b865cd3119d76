"""TERM right after partitions moved, while the group still settles: nothing is performed twice.

Kafka lets a commit wait behind the member's own request to join again, and refuses it then,
because its generation is over by that time.
"""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

JOBS = 4000


def test_a_worker_that_leaves_amid_a_rebalance_repeats_no_job(stage: Stage) -> None:
    stage.create(partitions=8)
    stage.put((n % 8, JournalJob(n, 0.01)) for n in range(JOBS))

    with stage.steady_worker() as leaver:
        stage.journal.wait_for("done", 0)
        with stage.steady_worker() as stayer:
            leaver.wait_for_output("Partitions left")
            # It performs a few more: these are not committed yet.
            seen = len(stage.journal.notes("done"))
            stage.journal.wait(lambda journal: len(journal.notes("done")) > seen + 50)
            leaver.signal(signal.SIGTERM)
            assert leaver.wait() == 0
            stage.journal.wait_for("done", *range(JOBS))
            stayer.signal(signal.SIGTERM)
            assert stayer.wait() == 0

    started = stage.journal.numbers("start")
    assert len(started) - len(set(started)) == 0
    for partition in range(8):
        performed = [number for number in started if number % 8 == partition]
        assert performed == list(range(partition, JOBS, 8))
