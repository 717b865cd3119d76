"""The async adapter: an in-process pool of threads, with delays; jobs are lost at exit.

For development. Jobs live in this process only; priorities and queues are ignored.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from typing import Any

from samovar import events
from samovar.job import execution
from samovar.job.job_data import EnqueueRequest, Receipt, dumps, loads
from samovar.support import clock, ids

#: Threads that perform.
THREADS = 5


class AsyncAdapter:
    """Performs jobs on threads of this process; with `immediate` in the caller's, at once and
    without regard to their time, for tests.
    """

    name = "async"

    def __init__(self, *, immediate: bool = False) -> None:
        self._immediate = immediate
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="samovar-async")
        self._lock = threading.Lock()
        #: Jobs that wait for their time; guarded by `_lock`.
        self._timers: set[threading.Timer] = set()
        #: Jobs that wait for a thread or run; guarded by `_lock`.
        self._futures: set[Future[Any]] = set()

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Hand the job to a thread, now or at its time."""
        if self._pid != os.getpid():
            self._start()  # a forked child has none of its parent's threads
        job_id = ids.uuid4()
        raw = dumps({**request.data, "provider_job_id": job_id})
        if self._immediate:
            _perform(raw)
        elif request.due_ns is not None and request.due_ns > clock.now_ns():
            self._later(raw, (request.due_ns - clock.now_ns()) / 1e9)
        else:
            self._submit(raw)
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
        self._closed = True
        with self._lock:
            lost = len(self._timers)
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            running = list(self._futures)
        until = clock.monotonic() + timeout
        for future in running:
            _wait(future, until - clock.monotonic())
        self._pool.shutdown(wait=False, cancel_futures=True)
        return lost + sum(1 for future in running if not future.done())

    def _submit(self, raw: bytes) -> None:
        future = self._pool.submit(_perform, raw)
        with self._lock:
            self._futures.add(future)
        future.add_done_callback(self._finished)

    def _finished(self, future: Future[Any]) -> None:
        with self._lock:
            self._futures.discard(future)

    def _later(self, raw: bytes, seconds: float) -> None:
        def due() -> None:
            with self._lock:
                self._timers.discard(timer)
                closed = self._closed
            if not closed:
                self._submit(raw)

        timer = threading.Timer(seconds, due)
        timer.daemon = True
        with self._lock:
            self._timers.add(timer)
        timer.start()


def _perform(raw: bytes) -> None:
    try:
        Context().run(execution.execute, loads(raw))
    except BaseException as error:
        # Nobody waits for the future: the error is told here or nowhere.
        events.announce("job.unhandled", error=error)


def _wait(future: Future[Any], timeout: float) -> None:
    try:
        future.result(max(0.0, timeout))
    except Exception:
        return
