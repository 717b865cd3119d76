"""The job that every contestant performs: it does nothing, and is counted.

Each process that performs jobs counts in an mmapped file of its own, so that counting costs
every contestant the same (about half a microsecond) and the harness can look on from outside:

    count, monotonic time of the first job, monotonic time of the last job

With BENCH_LATENCY=1 the first argument is the time at which the job was enqueued, and each job
also appends how long it took to get here to a second file.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from pathlib import Path

#: The layout of a counter: count, first and last.
LAYOUT = struct.Struct("3Q")
TEXT = "short-string"


class Counter:
    """Counts the jobs of this process."""

    def __init__(self, directory: Path, *, times: bool) -> None:
        self._directory = directory
        self._times = times
        self.reset()

    def reset(self) -> None:
        """Begin anew; in a forked child, which counts in a file of its own."""
        #: Guards the cells: jobs may run in many threads.
        self._lock = threading.Lock()
        self._cells: memoryview | None = None
        self._latencies = -1

    def count(self, number: int) -> None:
        with self._lock:
            cells = self._cells or self._open()
            now = time.monotonic_ns()
            if not cells[1]:
                cells[1] = now
            cells[2] = now
            cells[0] += 1
        if self._times:
            os.write(self._latencies, b"%d\n" % (now - number))

    def _open(self) -> memoryview:
        name = self._directory / str(os.getpid())
        if self._times:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._latencies = os.open(name.with_suffix(".latencies"), flags, 0o644)
        path = name.with_suffix(".count")
        path.write_bytes(bytes(LAYOUT.size))
        with path.open("r+b") as file:
            self._cells = memoryview(mmap.mmap(file.fileno(), LAYOUT.size)).cast("Q")
        return self._cells


_counter = Counter(
    Path(os.environ.get("BENCH_COUNTS", ".")), times=os.environ.get("BENCH_LATENCY") == "1"
)
os.register_at_fork(after_in_child=_counter.reset)
_count = _counter.count


def noop(number: int, text: str) -> None:
    """The job."""
    _count(number)
