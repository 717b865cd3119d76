"""A visitor takes partitions and gives them back, again and again, under load: the worker that had
them before neither repeats nor skips anything (E07, H05).
"""

from __future__ import annotations

import signal

import pytest

from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

PARTITIONS = 4
VISITS = 3


@pytest.mark.timeout(240)
@pytest.mark.parametrize("route", ["", "long_running=True"], ids=["plain", "long_running"])
def test_partitions_that_come_back_go_on_where_they_were(stage: Stage, route: str) -> None:
    stage.declare(f"app.job_topic('default', {route})")
    stage.create(partitions=PARTITIONS)
    enqueued = 0

    with stage.steady_worker() as host:
        for _ in range(VISITS):
            with stage.steady_worker() as visitor:
                enqueued = stage.put_until(
                    lambda journal, v=visitor: v.pid in journal.pids(),
                    first=enqueued,
                    partitions=PARTITIONS,
                )
                came = times(host, "Partitions came")
                visitor.signal(signal.SIGTERM)
                assert visitor.wait() == 0
            enqueued = stage.put_until(
                lambda _, c=came: times(host, "Partitions came") > c,
                first=enqueued,
                partitions=PARTITIONS,
            )
        stage.journal.wait_for("done", *range(enqueued), within=120)
        host.signal(signal.SIGTERM)
        assert host.wait() == 0

    started = stage.journal.numbers("start")
    for partition in range(PARTITIONS):
        performed = [number for number in started if number % PARTITIONS == partition]
        assert performed == list(range(partition, enqueued, PARTITIONS))


def times(worker: WorkerProcess, said: str) -> int:
    """How often partitions really moved, as the worker tells it."""
    return sum(said in line and f"{said}: none" not in line for line in worker.output.splitlines())
