"""Whether a worker's memory grows: 2,000,000 no-op jobs through one process."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.processes import Worker, enqueue
from benchmarks.services import Services, services

JOBS = 2_000_000
#: By then everything that is made once has been made.
WARM_JOBS = 100_000
#: How long all jobs may take, in seconds.
PATIENCE = 600.0


def measure_memory(jobs: int = JOBS) -> Iterator[tuple[str, dict[str, float]]]:
    """For each of Samovar's logs: its name, memory when warm and at the end, in MB."""
    contestants = [c for c in CONTESTANTS if c.name in ("samovar-kafka", "samovar-embedded")]
    with services({c.backend for c in contestants}) as running:
        for contestant in contestants:
            if contestant.backend not in running.missing:
                yield contestant.name, _measure(contestant, running, jobs)


def _measure(contestant: Contestant, running: Services, jobs: int) -> dict[str, float]:
    place = running.empty_place(contestant)
    enqueue(contestant, place, "fill", jobs)
    with Worker(contestant, place) as worker:
        worker.wait_for(WARM_JOBS, within=PATIENCE)
        (process,) = worker.tree()
        warm = peak = _megabytes(process)
        until = time.monotonic() + PATIENCE
        while worker.count().jobs < jobs and time.monotonic() < until:
            peak = max(peak, _megabytes(process))
            time.sleep(0.05)
        worker.wait_for(jobs, within=1)
        end = _megabytes(process)
    running.leave(contestant, place)
    return {
        "memory_warm": warm,
        "memory_peak": max(peak, end),
        "memory_end": end,
        "memory_growth": end - warm,
    }


def _megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20
