"""kill -9 amid batches of a plain topic: no record is lost, and only unmarked ones come again."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.stage import Stage

PARTITIONS = 4
RECORDS_PER_ROUND = 800
SECONDS = 0.005
COMMIT_SECONDS = 0.5
LONGEST_LIFE_SECONDS = 0.8
ROUTES = """
from tests.jobs.consumers import JournalConsumer
app.topic("orders", consumer=JournalConsumer)
"""


@pytest.mark.timeout(180)
def test_a_killed_worker_loses_no_record(stage: Stage) -> None:
    kill_amid_batches(stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_worker_killed_twenty_times_loses_no_record(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_amid_batches(stage, rounds=20))


def kill_amid_batches(stage: Stage, rounds: int) -> dict[str, object]:
    stage.notice_the_dead()
    stage.configure("worker", commit_interval=COMMIT_SECONDS)
    stage.declare(ROUTES)
    stage.create("orders", partitions=PARTITIONS)
    written = 0

    for _ in range(rounds):
        numbers = range(written, written := written + RECORDS_PER_ROUND)
        bodies = {n: json.dumps({"number": n, "seconds": SECONDS}).encode() for n in numbers}
        stage.put_raw([(n % PARTITIONS, body) for n, body in bodies.items()], "orders")
        with stage.worker() as worker:
            stage.journal.wait(lambda journal, w=worker: w.pid in journal.pids())
            time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
            worker.signal(signal.SIGKILL)
            worker.wait()
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(written), within=120)
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    done = Counter(stage.journal.numbers("done"))
    assert set(done) == set(range(written))
    repeated = done.total() - written
    # What was done since the last commit, and a second for two slow cores.
    assert repeated <= rounds * PARTITIONS * (COMMIT_SECONDS + 1) / SECONDS
    return {
        "backend": stage.backend,
        "kills": rounds,
        "records": written,
        "lost": written - len(done),
        "repeated": repeated,
    }
