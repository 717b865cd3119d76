"""100,000 jobs that wait cost a worker neither memory nor processor time."""

from __future__ import annotations

import time

import psutil

from samovar.broker.port import NewRecord
from tests.support.eventually import eventually
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

WAITING = 100_000
#: What two measurements of the same worker may differ by, in MB.
MEGABYTES = 6.0
SECONDS = 3.0
#: Of one processor. A worker of its own idles far below; tests run beside it.
SHARE = 0.03


def test_what_waits_costs_a_worker_nothing(embedded_stage: Stage) -> None:
    stage = embedded_stage
    stage.create()
    with stage.steady_worker("--processes", "1") as worker:
        before, _ = at_rest(worker)

    in_an_hour = time.time_ns() + 3600 * 10**9
    value = b'{"job_class":"DeferredJob","arguments":["%s"]}' % (b"x" * 200)
    topic = stage.topic()
    for start in range(0, WAITING, 10_000):
        stage.produce(
            [NewRecord(topic, value, due_ns=in_an_hour + n) for n in range(start, start + 10_000)]
        )
    with stage.steady_worker("--processes", "1") as worker:
        after, used = at_rest(worker)

    assert after - before < MEGABYTES
    assert used < SHARE


def at_rest(worker: WorkerProcess) -> tuple[float, float]:
    """Memory in MB and share of a processor of a worker that has nothing to do."""
    process = psutil.Process(worker.pid)
    eventually(lambda: process.cpu_percent(0.5) < 100 * SHARE, what="the worker has come to rest")
    started, before = time.monotonic(), sum(process.cpu_times()[:2])
    while time.monotonic() < started + SECONDS:
        time.sleep(0.1)
    used = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - started)
    return process.memory_info().rss / 2**20, used
