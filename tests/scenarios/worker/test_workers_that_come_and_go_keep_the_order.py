"""Workers join and leave under load: each partition's jobs are performed once and in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

PARTITIONS = 8
JOBS_PER_ROUND = 1200
JOB_SECONDS = 0.005


@pytest.mark.timeout(240)
def test_workers_that_come_and_go_keep_the_order(stage: Stage) -> None:
    change_the_guard(stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_workers_that_come_and_go_twenty_times_keep_the_order(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**change_the_guard(stage, rounds=20))


def change_the_guard(stage: Stage, rounds: int) -> dict[str, object]:
    stage.create(partitions=PARTITIONS)
    enqueued = 0
    with ExitStack() as stack:
        workers = [stack.enter_context(stage.steady_worker()) for _ in range(2)]
        for _ in range(rounds):
            jobs = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
            stage.put((n % PARTITIONS, JournalJob(n, JOB_SECONDS)) for n in jobs)
            newcomer = stack.enter_context(stage.worker())
            stage.journal.wait_for("done", jobs[0])
            leaver = workers.pop(0)
            leaver.signal(signal.SIGTERM)
            assert leaver.wait() == 0
            workers.append(newcomer)
        stage.journal.wait_for("done", *range(enqueued), within=120)
        for worker in workers:
            worker.wait_for_output("The worker has started")
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    started = stage.journal.numbers("start")
    for partition in range(PARTITIONS):
        performed = [number for number in started if number % PARTITIONS == partition]
        assert performed == list(range(partition, enqueued, PARTITIONS))
    return {
        "backend": stage.backend,
        "joined": rounds + 2,
        "left": rounds + 2,
        "enqueued": enqueued,
        "lost": enqueued - len(set(started)),
        "performed_twice": len(started) - len(set(started)),
        "processes_that_worked": len(stage.journal.pids()),
    }
