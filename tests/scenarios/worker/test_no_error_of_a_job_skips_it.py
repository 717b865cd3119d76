"""C06: whatever kind of error leaves a job, it is tried again before those behind it."""

from __future__ import annotations

import signal

import pytest

from tests.jobs.errands import OddJob
from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

KINDS = ["import", "recursion", "odd", "generator", "cancelled"]
ROUTES = "app.job_topic('default', {}, pause=Pause(timeout=0.05, exponential=False))"
VIRTUAL = "virtual_partitions=VirtualPartitions(partitioner=lambda m: m.offset)"


@pytest.mark.parametrize(
    "setting", ["ordering='partition'", "ordering='key'", "ordering='none'", VIRTUAL]
)
def test_no_error_of_a_job_skips_it(stage: Stage, setting: str) -> None:
    stage.configure(imports=["tests.jobs.errands", "tests.jobs.sample"])
    stage.declare(f"from samovar import VirtualPartitions\n{ROUTES.format(setting)}")
    stage.create(partitions=len(KINDS))
    for partition, kind in enumerate(KINDS):
        first = 10 * partition
        jobs = [JournalJob(first), OddJob(first + 1, kind), JournalJob(first + 2)]
        stage.put((partition, job) for job in jobs)
    numbers = [10 * partition + n for partition in range(len(KINDS)) for n in range(3)]

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *numbers)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    ill = [10 * partition + 1 for partition in range(len(KINDS))]
    assert sorted(stage.journal.numbers("start")) == sorted(numbers + ill)
    assert stage.records("default_dead") == []
    if setting == "ordering='partition'":
        for partition in range(len(KINDS)):
            mine = [n for n in stage.journal.numbers("start") if n // 10 == partition]
            assert [n % 10 for n in mine] == [0, 1, 1, 2]
