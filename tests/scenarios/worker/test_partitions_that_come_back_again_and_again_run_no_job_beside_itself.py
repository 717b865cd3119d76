"""A visitor takes partitions from a worker with long jobs and is killed, or the worker itself is
suspended until the visitor has all: whichever way partitions come back, no job, no key and no
ordered partition ever overlaps itself in one process, and no job is lost.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from random import Random

import pytest

from tests.jobs.sample import JournalJob
from tests.scenarios.worker.test_a_suspended_worker_loses_no_job import suspend
from tests.support.eventually import eventually
from tests.support.overlaps import overlaps
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

PARTITIONS = 8
KEYS = 5
ROUTES = """
from samovar import VirtualPartitions

app.job_topic("in-order")
app.job_topic("by-key", ordering="key")
app.job_topic("virtual", virtual_partitions=VirtualPartitions(partitioner=lambda m: m.key))
"""
QUEUES = ("in-order", "by-key", "virtual")
CAME, TAKEN = "Partitions came: ", "Partitions were taken away: "


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_partitions_that_come_back_fifty_times_run_no_job_beside_itself(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=40)
    stage.declare(ROUTES)
    for queue in QUEUES:
        stage.create(queue, partitions=PARTITIONS)
    chance, numbers, returned = Random(11), count(), 0

    with stage.steady_worker() as host:
        for visit in range(50):
            put(stage, numbers, chance)
            with stage.steady_worker() as visitor:
                stage.journal.wait(lambda journal, v=visitor: v.pid in journal.pids())
                if visit % 2:
                    suspend(stage, host)
                    before = len(stage.journal.lines("start"))
                    with suppress(AssertionError):  # it may have begun all that there is
                        eventually(lambda b=before: len(stage.journal.lines("start")) > b, within=8)
                    host.signal(signal.SIGCONT)
                came = times_came(host)
                visitor.kill()
            eventually(lambda c=came: times_came(host) > c, within=60, what="they came back")
            returned += 1
        last = next(numbers)
        stage.journal.wait_for("done", *range(last), within=240)
        host.signal(signal.SIGTERM)
        assert host.wait() == 0

    lines = stage.journal.lines("start", "done")
    assert overlaps(lines) == []
    assert overlaps(lines, thing=row) == []
    begun = [line for line in lines if line.event == "start"]
    chaos_report(
        backend=stage.backend,
        returned=returned,
        jobs=last,
        runs=len(begun),
        lost=last - len({line.what for line in lines if line.event == "done"}),
        overlaps=0,
    )


def put(stage: Stage, numbers: count[int], chance: Random) -> None:
    """A few jobs for each partition of each queue, some longer than the grace."""
    for queue in QUEUES:
        mine = [next(numbers) for _ in range(PARTITIONS)]
        jobs = ((n, JournalJob(n, chance.choice([0.1, 1, 6, 8]))) for n in mine)
        stage.put_keyed(((n % PARTITIONS, key(n), job) for n, job in jobs), queue)


def key(number: int) -> str:
    """Its partition, and one of the partition's keys."""
    return f"{number % PARTITIONS}-{number // PARTITIONS % KEYS}"


def row(what: str) -> str:
    """What must run one after the other: all of a partition, or all of a key."""
    number = int(what)
    queue = QUEUES[number // PARTITIONS % len(QUEUES)]
    return f"{queue} {number % PARTITIONS if queue == 'in-order' else key(number)}"


def times_came(worker: WorkerProcess) -> int:
    return sum(CAME in line and f"{CAME}none" not in line for line in worker.output.splitlines())
