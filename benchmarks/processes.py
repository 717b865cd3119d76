"""The processes of one measurement: an enqueuer to wait for, a worker to watch and kill."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from benchmarks.contestants import Contestant
from benchmarks.job import LAYOUT
from benchmarks.place import Place
from tests.support.process_group import ProcessGroup

ROOT = Path(__file__).parents[1]
#: How long an enqueuer may take, in seconds.
ENQUEUE_SECONDS = 300


class MeasurementError(Exception):
    """A process of a contestant failed; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What the counters say."""

    jobs: int
    #: Monotonic times, in seconds; of the first job in each process, and of the last in any.
    firsts: tuple[float, ...]
    last: float


class Worker:
    """A contestant's worker, killed with all its children when the block ends."""

    def __init__(
        self, contestant: Contestant, place: Place, *, processes: int = 1, latency: bool = False
    ) -> None:
        self._counts = place.file.parent / f"counts-{time.monotonic_ns()}"
        self._counts.mkdir(parents=True)
        self._log = self._counts / "worker.log"
        environment = environment_of(contestant, place, counts=self._counts, latency=latency)
        self.began = time.monotonic()
        self._groups = [
            ProcessGroup(list(command), log=self._log, cwd=self._counts, env=environment)
            for command in contestant.worker(place, processes)
        ]

    def count(self) -> Count:
        """The jobs performed so far."""
        jobs, last, firsts = 0, 0, list[int]()
        for path in self._counts.glob("*.count"):
            cells = path.read_bytes()
            if len(cells) == LAYOUT.size:
                count, first, latest = LAYOUT.unpack(cells)
                jobs += count
                last = max(last, latest)
                firsts += [first] if first else []
        return Count(jobs=jobs, firsts=tuple(f / 1e9 for f in firsts), last=last / 1e9)

    def wait_for(self, jobs: int, *, within: float) -> Count:
        """The counters once `jobs` jobs are performed.

        Raises:
            MeasurementError: they were not in time, or a process of the worker ended.
        """
        until = time.monotonic() + within
        while (count := self.count()).jobs < jobs:
            self.check_that_it_runs()
            if time.monotonic() > until:
                failure = f"{count.jobs} of {jobs} jobs performed in {within:g} s"
                raise MeasurementError(f"{failure}\n{self._groups[0].tail(15)}")
            time.sleep(0.005)
        return count

    def check_that_it_runs(self) -> None:
        for group in self._groups:
            if group.returncode is not None:
                raise MeasurementError(f"ended ({group.returncode})\n{group.tail(15)}")

    def latencies_ms(self) -> list[float]:
        """How long each job took from enqueue to perform, sorted."""
        texts = [path.read_text() for path in self._counts.glob("*.latencies")]
        return sorted(int(line) / 1e6 for text in texts for line in text.splitlines())

    def tree(self) -> list[psutil.Process]:
        """All processes of the worker."""
        found: list[psutil.Process] = []
        for group in self._groups:
            with contextlib.suppress(psutil.Error):
                leader = psutil.Process(group.pid)
                found += [leader, *leader.children(recursive=True)]
        return found

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        descendants = self.tree()
        for group in self._groups:
            group.kill()
        for process in descendants:  # those that made groups of their own
            with contextlib.suppress(psutil.Error):
                process.kill()


def enqueue(
    contestant: Contestant, place: Place, *command: object, linger_ms: int = 5
) -> dict[str, float]:
    """Runs `benchmarks.enqueue` to its end; what it printed.

    Raises:
        MeasurementError: it failed.
    """
    environment = environment_of(contestant, place) | {"BENCH_LINGER_MS": str(linger_ms)}
    arguments = [sys.executable, "-m", "benchmarks.enqueue", contestant.module, *map(str, command)]
    done = subprocess.run(
        arguments,
        cwd=place.file.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=ENQUEUE_SECONDS,
    )
    if done.returncode:
        raise MeasurementError("\n".join(done.stderr.splitlines()[-15:]))
    return json.loads(done.stdout.splitlines()[-1])


def environment_of(
    contestant: Contestant, place: Place, *, counts: Path | None = None, latency: bool = False
) -> dict[str, str]:
    """The environment of a contestant's process."""
    return {
        **os.environ,
        **place.environment,
        **contestant.environment(place),
        "BENCH_COUNTS": str(counts or place.file.parent),
        "BENCH_LATENCY": "1" if latency else "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "C_FORCE_ROOT": "1",  # Celery would warn
    }
