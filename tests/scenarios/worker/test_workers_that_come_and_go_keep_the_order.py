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


SIDE_BY_SIDE = {
    "key": "app.job_topic('default', ordering='key')",
    "virtual partitions": (
        "from samovar import VirtualPartitions\n"
        "lanes = VirtualPartitions(partitioner=lambda message: message.key)\n"
        "app.job_topic('default', virtual_partitions=lanes)"
    ),
}


@pytest.mark.parametrize("ordering", SIDE_BY_SIDE)
@pytest.mark.timeout(240)
def test_workers_that_come_and_go_keep_the_order_of_each_key(stage: Stage, ordering: str) -> None:
    """G08: what a worker has not begun, the next owner of the partition performs, in order."""
    stage.declare(SIDE_BY_SIDE[ordering])
    change_the_guard(stage, rounds=2, keys=4)


@pytest.mark.chaos
@pytest.mark.parametrize("ordering", SIDE_BY_SIDE)
@pytest.mark.timeout(1200)
def test_workers_that_come_and_go_twenty_times_keep_the_order_of_each_key(
    stage: Stage, ordering: str, chaos_report: Callable[..., None]
) -> None:
    stage.declare(SIDE_BY_SIDE[ordering])
    chaos_report(ordering=ordering, **change_the_guard(stage, rounds=20, keys=4))


def change_the_guard(stage: Stage, rounds: int, keys: int = 1) -> dict[str, object]:
    """`keys` is how many of them share each partition: a lane for each."""
    lanes = PARTITIONS * keys
    stage.create(partitions=PARTITIONS)
    enqueued = 0
    with ExitStack() as stack:
        workers = [stack.enter_context(stage.steady_worker()) for _ in range(2)]
        for _ in range(rounds):
            jobs = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
            stage.put_keyed((n % PARTITIONS, n % lanes, JournalJob(n, JOB_SECONDS)) for n in jobs)
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
    for lane in range(lanes):
        performed = [number for number in started if number % lanes == lane]
        assert performed == list(range(lane, enqueued, lanes))
    return {
        "backend": stage.backend,
        "joined": rounds + 2,
        "left": rounds + 2,
        "enqueued": enqueued,
        "lost": enqueued - len(set(started)),
        "performed_twice": len(started) - len(set(started)),
        "processes_that_worked": len(stage.journal.pids()),
    }
