"""kill -9 under load: nothing is lost, and only the last moments of the dead are repeated.

E01.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.eventually import eventually
from tests.support.load import Load
from tests.support.repeats import repeats
from tests.support.stage import NOTICES_THE_DEAD, Stage
from tests.support.worker_process import WorkerProcess

PARTITIONS = 8
CONCURRENCY = 5
JOB_SECONDS = 0.005
#: Each log's own interval between two commits.
COMMIT_SECONDS = {"embedded": 1.0, "kafka": 0.05}
#: What may go by from a job's end until a commit begins to carry it, on two slow cores.
MARGIN_SECONDS = 1.5
#: Virtual partitions mark at a batch's end: so long the batches of 100 of all partitions may take.
BATCH_SECONDS = 2 * PARTITIONS * 100 * JOB_SECONDS / CONCURRENCY
#: While a group of Kafka's classic protocol shares out anew, nothing can be committed: the commit
#: waits behind the member's own request to join again, and that until the dead are noticed, twice
#: when one dies in the midst.
REBALANCE_SECONDS = 2 * NOTICES_THE_DEAD["session.timeout.ms"] / 1000
#: So long after a kill, in seconds, the next one comes at the latest, once all have work.
LONGEST_PAUSE_SECONDS = 1.0

MODES = {
    "partition": "",
    "long-running": "app.job_topic('default', long_running=True)",
    "stages": (
        "from samovar import Throttle\n"
        "pace = Throttle(100_000, 60)\n"
        "app.job_topic('default', expire_in=3600, delay_by=0.01, throttle=pace)"
    ),
    "key": "app.job_topic('default', ordering='key')",
    "none": "app.job_topic('default', ordering='none')",
    "virtual partitions": (
        "from samovar import VirtualPartitions\n"
        "lanes = VirtualPartitions(partitioner=lambda message: message.key)\n"
        "app.job_topic('default', virtual_partitions=lanes)"
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.timeout(180)
def test_a_killed_worker_loses_no_job(stage: Stage, mode: str) -> None:
    kill_under_load(stage, mode, kills=1, crew=2)


@pytest.mark.chaos
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.timeout(1200)
def test_a_hundred_killed_workers_lose_no_job(
    stage: Stage, mode: str, chaos_report: Callable[..., None]
) -> None:
    chaos_report(mode=mode, **kill_under_load(stage, mode, kills=100, crew=5))


def kill_under_load(stage: Stage, mode: str, *, kills: int, crew: int) -> dict[str, object]:
    """Kill so many workers, of which `crew` are up at a time."""
    stage.declare(MODES[mode])
    stage.notice_the_dead()
    stage.configure("worker", concurrency=CONCURRENCY)
    stage.create(partitions=PARTITIONS)
    load = Load(stage, partitions=PARTITIONS, seconds=JOB_SECONDS)
    deaths: dict[int, float] = {}
    up: list[WorkerProcess] = []
    try:
        while len(deaths) < kills:
            up += [stage.worker("--processes", "1") for _ in range(crew - len(up))]
            all_get_work(up, load)
            deaths |= kill_most(up, at_most=kills - len(deaths))
    finally:
        for worker in up:
            worker.kill()
            deaths.setdefault(worker.pid, time.monotonic())
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(load.enqueued), within=180)
        last.signal(signal.SIGTERM)
        assert last.wait() == 0
    return check(stage, mode, load.enqueued, deaths)


def all_get_work(up: list[WorkerProcess], load: Load) -> None:
    """Wait until each worker has begun a job from now on; there are always some."""
    load.news()
    idle = {worker.pid for worker in up}

    def all_have_begun() -> bool:
        load.top_up()
        idle.difference_update(line.pid for line in load.news())
        return not idle

    eventually(all_have_begun, within=90, what=f"each of {len(up)} workers gets work")


def kill_most(up: list[WorkerProcess], *, at_most: int) -> dict[int, float]:
    """Kill all but one, one after the other, and take them out; when each was killed."""
    deaths: dict[int, float] = {}
    for victim in random.sample(up, min(max(1, len(up) - 1), at_most)):
        time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))
        assert victim.returncode is None
        deaths[victim.pid] = time.monotonic()
        victim.kill()
        up.remove(victim)
    return deaths


def check(stage: Stage, mode: str, enqueued: int, deaths: dict[int, float]) -> dict[str, object]:
    """Nothing is lost, and each repeat is one that a killed worker may leave behind."""
    lines = stage.journal.lines()
    starts = Counter(line.what for line in lines if line.event == "start")
    found = repeats(lines, deaths)
    assert found.unexplained == []
    # At most what each thread was at.
    assert found.running <= CONCURRENCY * len(deaths)
    batch = BATCH_SECONDS if mode == "virtual partitions" else 0.0
    rebalance = REBALANCE_SECONDS if stage.backend == "kafka" else 0.0
    assert found.oldest <= COMMIT_SECONDS[stage.backend] + MARGIN_SECONDS + batch + rebalance
    assert found.running + len(found.unmarked) == starts.total() - enqueued
    return {
        "backend": stage.backend,
        "kills": len(deaths),
        "enqueued": enqueued,
        "lost": enqueued - len({int(what) for what in stage.journal.notes("done")}),
        "performed": starts.total(),
        "repeated_running": found.running,
        "repeated_unmarked": len(found.unmarked),
        "repeats_a_kill": round((found.running + len(found.unmarked)) / len(deaths)),
        "oldest_unmarked_seconds": round(found.oldest, 2),
    }
