"""One measurement each: enqueue, throughput, latency with cold start and idling."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.processes import Count, MeasurementError, Worker, enqueue
from benchmarks.services import Services

#: How long a worker may take to perform its first job, in seconds.
START_SECONDS = 60.0
#: What is shorter is no measurement, in seconds.
LEAST_SECONDS = 0.5
#: Jobs a second while latency is measured.
PACE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How long each measurement takes, in seconds, and how many jobs are made for it."""

    rounds: int = 5
    enqueue: float = 2.0
    work: float = 3.0
    latency: float = 10.0
    idle: float = 5.0
    #: Share of each contestant's full backlog.
    backlog: float = 1.0
    #: Latency, cold start, idling and two processes are measured in every n-th round only.
    every: int = 2
    #: Whether workers of two processes are measured: these need the full backlog.
    two_processes: bool = True


class Measure:
    """The measurements, on these services; each gives figures by name."""

    def __init__(self, services: Services, sizes: Sizes) -> None:
        self._services = services
        self.sizes = sizes

    def prepare(self, contestant: Contestant) -> None:
        """Enqueue the jobs that the throughput of its workers is measured with."""
        if self._services.has_backlog(contestant.backlog_of):
            return
        owner = next(c for c in (contestant, *CONTESTANTS) if c.name == contestant.backlog_of)
        place = self._services.empty_place(owner)
        enqueue(owner, place, "fill", int(contestant.backlog * self.sizes.backlog))
        self._services.keep_backlog(owner.name, place)

    def enqueue_one(self, contestant: Contestant) -> dict[str, float]:
        return {"enqueue_one": self._enqueue(contestant, "one")}

    def enqueue_bulk(self, contestant: Contestant) -> dict[str, float]:
        return {"enqueue_bulk": self._enqueue(contestant, "bulk")}

    def worker_1(self, contestant: Contestant) -> dict[str, float]:
        return {"worker_1": self._work(contestant, 1)}

    def worker_2(self, contestant: Contestant) -> dict[str, float]:
        return {"worker_2": self._work(contestant, 2)}

    def small_things(self, contestant: Contestant) -> dict[str, float]:
        """What one worker shows while there is little to do."""
        place = self._services.empty_place(contestant)
        enqueue(contestant, place, "fill", 1, linger_ms=0)
        with Worker(contestant, place, latency=True) as worker:
            first = worker.wait_for(1, within=START_SECONDS)
            jobs = round(self.sizes.latency * PACE)
            time.sleep(1)
            enqueue(contestant, place, "pace", jobs, PACE, linger_ms=0)
            worker.wait_for(2 + jobs, within=20)
            time.sleep(1.5)
            idle = idling(worker, self.sizes.idle)
            # The two jobs before were sent as of time 0: by far the slowest.
            latencies = worker.latencies_ms()[:jobs]
        self._services.leave(contestant, place)
        return {
            "cold_start": first.firsts[0] - worker.began,
            "latency_p50": latencies[jobs // 2],
            "latency_p99": latencies[jobs * 99 // 100],
            **idle,
        }

    def _enqueue(self, contestant: Contestant, verb: str) -> float:
        place = self._services.empty_place(contestant)
        rate = enqueue(contestant, place, verb, self.sizes.enqueue)["rate"]
        self._services.leave(contestant, place)
        return rate

    def _work(self, contestant: Contestant, processes: int) -> float:
        place = self._services.place_with_backlog(contestant)
        backlog = int(contestant.backlog * self.sizes.backlog)
        with Worker(contestant, place, processes=processes) as worker:
            rate = throughput(worker, processes, backlog, self.sizes.work)
        self._services.leave(contestant, place)
        return rate


def throughput(worker: Worker, processes: int, backlog: int, seconds: float) -> float:
    """Jobs a second from the first job to the last, until the time or the jobs are up.

    Two processes are counted from the moment when both of them work.

    Raises:
        MeasurementError: a process ended, or there was nothing left when both worked.
    """
    start = worker.wait_for(1, within=START_SECONDS)
    began, before = start.firsts[0], 1
    if processes > 1:
        all_at_work = wait_for_all(worker, processes, backlog)
        began, before = all_at_work.last, all_at_work.jobs
    until = began + seconds
    while (count := worker.count()).jobs < backlog and time.monotonic() < until:
        worker.check_that_it_runs()
        time.sleep(0.01)
    if count.last - began < LEAST_SECONDS:
        raise MeasurementError(f"only {count.last - began:.2f} s to measure; too few jobs waited")
    return (count.jobs - before) / (count.last - began)


def wait_for_all(worker: Worker, processes: int, backlog: int) -> Count:
    """The counters once every process has performed a job.

    A rebalance in Kafka takes seconds: members hear of it with their next heartbeat, and the
    cooperative ones need two. A figure of one process must not pass for one of two.

    Raises:
        MeasurementError: the jobs ran out before.
    """
    until = time.monotonic() + START_SECONDS
    while len((count := worker.count()).firsts) < processes:
        worker.check_that_it_runs()
        if count.jobs >= backlog or time.monotonic() > until:
            raise MeasurementError(f"{len(count.firsts)} of {processes} processes did all the work")
        time.sleep(0.005)
    return count


def idling(worker: Worker, seconds: float) -> dict[str, float]:
    """Memory and processor time of all processes of a worker that has nothing to do."""
    tree = worker.tree()
    began, before = time.monotonic(), sum(map(cpu_seconds, tree))
    time.sleep(seconds)
    used = sum(map(cpu_seconds, tree)) - before
    cpu = 100 * used / (time.monotonic() - began)
    memory = [process.memory_full_info() for process in tree]
    return {
        "idle_cpu": cpu,
        "idle_rss": sum(m.rss for m in memory) / 2**20,
        "idle_pss": sum(getattr(m, "pss", m.uss) for m in memory) / 2**20,
    }


def cpu_seconds(process: psutil.Process) -> float:
    """To the nanosecond where Linux says it: psutil's ticks are too coarse for an idle worker."""
    nanoseconds = 0
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            nanoseconds += int(path.read_text().split()[0])
        if nanoseconds:
            return nanoseconds / 1e9
    times = process.cpu_times()
    return times.user + times.system
