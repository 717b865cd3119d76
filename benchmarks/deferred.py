"""How late jobs are that wait for their time, and what 100,000 of them cost an idle worker."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.contestants import CONTESTANTS
from benchmarks.contestants.samovar import NoopJob
from benchmarks.job import TEXT
from benchmarks.measure import START_SECONDS, idling
from benchmarks.place import Place
from benchmarks.processes import Worker
from benchmarks.services import services
from samovar import App, perform_all_later
from samovar.job.job import Job
from samovar.support import clock

NAME = "samovar-embedded"
#: Jobs that come due while an otherwise idle worker is watched, this many seconds apart.
JOBS, APART = 200, 0.05
#: Jobs that wait meanwhile, and how much of the worker's time is looked at, in seconds.
WAITING, IDLE = 100_000, 5.0
CHUNK = 5000


def measure_deferred() -> dict[str, float]:
    """Lateness in ms, what waiting jobs add to an idle worker's memory in MB, and its CPU in %."""
    contestant = next(c for c in CONTESTANTS if c.name == NAME)
    with services({contestant.backend}) as running:
        place = running.empty_place(contestant)
        app = application(place.file, place.queue)
        NoopJob.perform_later(0, TEXT)
        with Worker(contestant, place) as worker:
            worker.wait_for(1, within=START_SECONDS)
            without = idling(worker, IDLE)["idle_rss"]
        wait_in_an_hour(WAITING)
        late = lateness(place)
        with Worker(contestant, place) as worker:
            NoopJob.perform_later(0, TEXT)
            worker.wait_for(1, within=START_SECONDS)
            idle = idling(worker, IDLE)
        app.close(10)
        running.leave(contestant, place)
    return {
        "deferred_p50": late[JOBS // 2],
        "deferred_p99": late[JOBS * 99 // 100],
        "deferred_max": late[-1],
        "waiting_memory": idle["idle_rss"] - without,
        "waiting_cpu": idle["idle_cpu"],
    }


def lateness(place: Place) -> list[float]:
    """By how many ms each job came after its time, sorted; negative would be early."""
    contestant = next(c for c in CONTESTANTS if c.name == NAME)
    with Worker(contestant, place, latency=True) as worker:
        NoopJob.perform_later(time.monotonic_ns(), TEXT)
        worker.wait_for(1, within=START_SECONDS)
        base = clock.now_ns() + 1_000_000_000
        perform_all_later([due_at(base + int(n * APART * 1e9)) for n in range(JOBS)])
        worker.wait_for(1 + JOBS, within=JOBS * APART + START_SECONDS)
        # The very first job came late: it waited for the worker.
        return worker.latencies_ms()[:JOBS]


def due_at(due_ns: int) -> Job:
    """A job that knows its time on the monotonic clock, by which lateness is counted."""
    offset = clock.now_ns() - time.monotonic_ns()
    # Microseconds are what a datetime can say.
    due_ns -= due_ns % 1000
    return NoopJob(due_ns - offset, TEXT).set(wait_until=clock.from_ns(due_ns))


def wait_in_an_hour(count: int) -> None:
    for start in range(0, count, CHUNK):
        perform_all_later([NoopJob(n, TEXT).set(wait=3600) for n in range(start, start + CHUNK)])


def application(path: Path, queue: str) -> App:
    return App(queue_adapter="embedded", default_queue_name=queue, embedded={"path": path})
