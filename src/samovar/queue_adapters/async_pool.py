"""The async adapter: an in-process pool of threads, with delays; jobs are lost at exit.

For development. Jobs live in this process only; priorities and queues are ignored.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Sequence
from contextvars import Context
from itertools import count
from queue import Empty, SimpleQueue
from typing import NamedTuple

from samovar import events
from samovar.errors import SamovarError
from samovar.job import execution
from samovar.job.job_data import EnqueueRequest, Receipt, dumps, loads
from samovar.support import clock, ids

#: Threads that perform.
THREADS = 5
#: How long jobs that wait for their time are left alone at the most, in seconds.
LOOK_SECONDS = 3600.0
#: How soon a closing pool looks again whether its jobs have ended, in seconds.
CLOSING_STEP_SECONDS = 0.005


class AsyncAdapter:
    """Performs jobs on threads of this process; with `immediate` in the caller's, at once and
    without regard to their time, for tests.
    """

    name = "async"

    def __init__(self, *, immediate: bool = False) -> None:
        self._immediate = immediate
        self._pool = _Pool()

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Hand the job to a thread, now or at its time."""
        job_id = ids.uuid4()
        raw = dumps({**request.data, "provider_job_id": job_id})
        if self._immediate:
            _perform(raw)
        else:
            due_ns = request.due_ns or 0
            self._live().put(raw, max(0, due_ns - clock.now_ns()) / 1e9)
        return Receipt(provider_job_id=job_id)

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Hand over one after the other."""
        return [self.enqueue(request) for request in requests]

    def stopping(self, job: object = None) -> bool:
        """Never: what a job enqueued while the pool closes would be lost."""
        return False

    def close(self, timeout: float) -> int:
        """Finish what waits for a thread, up to `timeout` seconds; delayed jobs are lost.

        Returns how many jobs were not performed.
        """
        return self._live().close(timeout)

    def _live(self) -> _Pool:
        if self._pool.process != os.getpid():
            self._pool = _Pool()  # a forked child has none of its parent's threads
        return self._pool


class _Pool:
    """The threads, and the jobs that they work off.

    Who enqueues puts into a `SimpleQueue` and takes no lock, since a finalizer that runs in the
    middle of it may enqueue too. That is why there is no `ThreadPoolExecutor` here.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self._ready: SimpleQueue[_Job | None] = SimpleQueue()
        #: Jobs for the thread that keeps them until their time; None ends it.
        self._early: SimpleQueue[_Job | None] = SimpleQueue()
        self._numbers = count()
        #: Jobs that wait for their time, by number.
        self._waiting: set[int] = set()
        #: Jobs that wait for a thread or run, by number.
        self._unfinished: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._starting = threading.RLock()
        self._is_closed = False

    def put(self, raw: bytes, seconds: float) -> None:
        """Take a job that is due in `seconds`.

        Raises:
            SamovarError: the pool is closed.
        """
        if self._is_closed:
            raise SamovarError(
                "The async adapter is closed: the job would be lost. Enqueue before app.close()."
            )
        if not self._threads:
            self._start()
        job = _Job(clock.monotonic() + seconds, next(self._numbers), raw)
        if seconds > 0:
            self._waiting.add(job.number)
            self._early.put(job)
        else:
            self._unfinished.add(job.number)
            self._ready.put(job)

    def close(self, timeout: float) -> int:
        """Finish what waits for a thread or runs, up to `timeout` seconds; how many jobs were not
        performed.
        """
        self._early.put(None)
        until = clock.monotonic() + timeout
        while self._unfinished and clock.monotonic() < until:
            clock.sleep(CLOSING_STEP_SECONDS)
        self._is_closed = True
        for _ in self._threads:
            self._ready.put(None)
        return len(self._waiting) + len(self._unfinished)

    def _start(self) -> None:
        with self._starting:
            if self._threads:
                return
            targets = [self._keep, *[self._work] * THREADS]
            self._threads = [
                threading.Thread(target=target, name=f"samovar-async-{index}", daemon=True)
                for index, target in enumerate(targets)
            ]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while (job := self._ready.get()) is not None and not self._is_closed:
            _perform(job.raw)
            self._unfinished.discard(job.number)

    def _keep(self) -> None:
        """Keep jobs until their time."""
        jobs: list[_Job] = []
        while True:
            while jobs and jobs[0].due <= clock.monotonic():
                job = heapq.heappop(jobs)
                self._unfinished.add(job.number)
                self._waiting.discard(job.number)
                self._ready.put(job)
            wait = min(LOOK_SECONDS, jobs[0].due - clock.monotonic()) if jobs else LOOK_SECONDS
            try:
                arrived = self._early.get(timeout=max(0.0, wait))
            except Empty:
                continue
            if arrived is None:
                return
            heapq.heappush(jobs, arrived)


class _Job(NamedTuple):
    """A job; those that are due first come first."""

    due: float
    number: int
    raw: bytes


def _perform(raw: bytes) -> None:
    try:
        Context().run(execution.execute, loads(raw))
    except BaseException as error:
        # Nobody waits for it: the error is reported here or nowhere.
        events.announce("job.unhandled", error=error)
