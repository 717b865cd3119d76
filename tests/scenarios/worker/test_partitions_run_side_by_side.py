"""B05: jobs of different partitions run side by side, up to the concurrency; those of one never."""

from __future__ import annotations

import signal

from tests.jobs.sample import GateJob
from tests.support.stage import Stage

CONCURRENCY, PARTITIONS, JOBS = 3, 6, 18


def test_partitions_run_side_by_side_up_to_the_concurrency(stage: Stage) -> None:
    stage.configure("worker", concurrency=CONCURRENCY)
    stage.create(partitions=PARTITIONS)
    stage.put((n % PARTITIONS, GateJob(n)) for n in range(JOBS))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(running(stage)) == CONCURRENCY)
        for done in range(JOBS):
            stage.journal.wait(lambda journal: running(stage))
            stage.open_gate(running(stage)[0])
            stage.journal.wait(lambda journal, n=done: len(journal.notes("done")) > n)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    now: set[int] = set()
    for line in stage.journal.lines("start", "done"):
        number = int(line.what)
        if line.event == "start":
            assert number % PARTITIONS not in {n % PARTITIONS for n in now}
            now.add(number)
            assert len(now) <= CONCURRENCY
        else:
            now.remove(number)
    for partition in range(PARTITIONS):
        mine = [n for n in stage.journal.numbers("done") if n % PARTITIONS == partition]
        assert mine == sorted(mine)


def running(stage: Stage) -> list[int]:
    done = set(stage.journal.numbers("done"))
    return [n for n in stage.journal.numbers("start") if n not in done]
