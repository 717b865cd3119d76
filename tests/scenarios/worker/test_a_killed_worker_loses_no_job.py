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

from tests.jobs.sample import JournalJob
from tests.support.journal import Line
from tests.support.stage import Stage

PARTITIONS = 8
CONCURRENCY = 5
JOBS_PER_ROUND = 3000
JOB_SECONDS = 0.005
COMMIT_SECONDS = 1.0
#: What may go by from a job's end until a commit begins to carry it, on two slow cores.
MARGIN_SECONDS = 1.5
#: Virtual partitions mark at a batch's end: so long the batches of 100 of all partitions may take.
BATCH_SECONDS = 2 * PARTITIONS * 100 * JOB_SECONDS / CONCURRENCY
LONGEST_LIFE_SECONDS = 4.0


@pytest.mark.timeout(180)
def test_a_killed_worker_loses_no_job(stage: Stage) -> None:
    kill_under_load(stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_worker_killed_twenty_times_loses_no_job(
    stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_under_load(stage, rounds=20))


MODES = {
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
        "lanes = VirtualPartitions(partitioner=lambda message: message.offset)\n"
        "app.job_topic('default', virtual_partitions=lanes)"
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.timeout(180)
def test_a_killed_worker_loses_no_job_in_any_mode(stage: Stage, mode: str) -> None:
    stage.draw(MODES[mode])
    kill_under_load(stage, rounds=1, mode=mode)


@pytest.mark.chaos
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.timeout(900)
def test_a_worker_killed_twenty_times_loses_no_job_in_any_mode(
    stage: Stage, mode: str, chaos_report: Callable[..., None]
) -> None:
    stage.draw(MODES[mode])
    chaos_report(mode=mode, **kill_under_load(stage, rounds=20, mode=mode))


def kill_under_load(stage: Stage, rounds: int, mode: str = "partition") -> dict[str, object]:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=CONCURRENCY, commit_interval=COMMIT_SECONDS)
    stage.create(partitions=PARTITIONS)
    deaths: dict[int, float] = {}
    enqueued = 0

    for _ in range(rounds):
        jobs = range(enqueued, enqueued := enqueued + JOBS_PER_ROUND)
        stage.put((n % PARTITIONS, JournalJob(n, JOB_SECONDS)) for n in jobs)
        with stage.worker("--processes", "1") as worker:
            stage.journal.wait(lambda journal, pid=worker.pid: has_begun(journal.lines(), pid))
            time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
            worker.signal(signal.SIGKILL)
            worker.wait()
            deaths[worker.pid] = time.monotonic()
    with stage.steady_worker() as last:
        stage.journal.wait_for("done", *range(enqueued), within=120)
        last.signal(signal.SIGTERM)
        assert last.wait() == 0

    lines = stage.journal.lines()
    unmarked = BATCH_SECONDS if mode == "virtual partitions" else 0.0
    repeats = {pid: repeated(lines, pid, died - unmarked) for pid, died in deaths.items()}
    starts = Counter(line.what for line in lines if line.event == "start")
    assert len(starts) == enqueued
    return {
        "backend": stage.backend,
        "kills": rounds,
        "enqueued": enqueued,
        "lost": enqueued - len(set(stage.journal.numbers("done"))),
        "performed": starts.total(),
        "repeated": starts.total() - enqueued,
        "repeated_per_kill": sorted(repeats.values()),
    }


def has_begun(lines: list[Line], pid: int) -> bool:
    return any(line.pid == pid for line in lines)


def repeated(lines: list[Line], pid: int, died: float) -> int:
    """How many jobs of this process others ran again, all of which it may leave behind."""
    ended = {line.what: line.at for line in lines if line.pid == pid and line.event == "done"}
    begun = {line.what for line in lines if line.pid == pid and line.event == "start"}
    last = max(line.at for line in lines if line.pid == pid)
    later = {line.what for line in lines if line.event == "start" and line.at > last} - {""}
    again = begun & later
    assert len(begun - ended.keys()) <= CONCURRENCY
    earliest = died - COMMIT_SECONDS - MARGIN_SECONDS
    too_old = {what: died - ended[what] for what in again & ended.keys() if ended[what] < earliest}
    assert not too_old, f"Jobs that had ended long before the kill ran again: {too_old}"
    return len(again)
