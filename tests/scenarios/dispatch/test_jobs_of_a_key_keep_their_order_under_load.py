"""Workers join and leave under load: the jobs of each key run once, in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.jobs.dispatched import KeyedJob
from tests.support.stage import Stage

KEYS = 64
PARTITIONS = 8
WORKERS = 3
JOBS_PER_ROUND = 1280
JOB_SECONDS = 0.002


@pytest.mark.timeout(240)
def test_jobs_of_a_key_keep_their_order_while_workers_come_and_go(stage: Stage) -> None:
    change_the_guard(stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_jobs_of_a_key_keep_their_order_while_workers_come_and_go_twenty_times(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**change_the_guard(stage, rounds=20))


def change_the_guard(stage: Stage, rounds: int) -> dict[str, object]:
    stage.create(partitions=PARTITIONS)
    stage.app  # noqa: B018 -- jobs need an application
    enqueued = 0
    with ExitStack() as stack:
        workers = [stack.enter_context(stage.steady_worker()) for _ in range(WORKERS)]
        for _ in range(rounds):
            numbers = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
            newcomer = stack.enter_context(stage.worker())
            for number in numbers:
                KeyedJob.perform_later(f"key-{number % KEYS}", number, JOB_SECONDS)
            first = f"key-{numbers[0] % KEYS} {numbers[0]}"
            stage.journal.wait_for("done", first)
            leaver = workers.pop(0)
            leaver.signal(signal.SIGTERM)
            assert leaver.wait() == 0
            workers.append(newcomer)
        wanted = (f"key-{number % KEYS} {number}" for number in range(enqueued))
        stage.journal.wait_for("done", *wanted, within=120)
        for worker in workers:
            worker.wait_for_output("The worker has started")
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    started = [what.split() for what in stage.journal.notes("start")]
    for key in range(KEYS):
        performed = [int(number) for name, number in started if name == f"key-{key}"]
        assert performed == list(range(key, enqueued, KEYS))
    return {
        "backend": stage.backend,
        "keys": KEYS,
        "joined": rounds + WORKERS,
        "left": rounds + WORKERS,
        "enqueued": enqueued,
        "lost": enqueued - len({number for _, number in started}),
        "out_of_order": 0,
        "performed_twice": len(started) - len({number for _, number in started}),
    }
