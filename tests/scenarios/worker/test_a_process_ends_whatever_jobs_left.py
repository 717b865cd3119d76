"""`shutdown_timeout` after TERM the process is gone, whatever its jobs have left in it: status 2,
and a line that names what held it.
"""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from tests.jobs.sample import JournalJob
from tests.jobs.unruly import LeavingJob
from tests.support.stage import Stage

SHUTDOWN_SECONDS = 2.0

HELD_BY = {
    "pool": "the thread 'ThreadPoolExecutor-0_0'",
    "thread": "the thread 'left-behind'",
    "process": "a child",
    "handler": "the main thread in linger",
}


@pytest.fixture
def embedded_stage(stage: Stage) -> Stage:
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.unruly"])
    stage.configure("worker", shutdown_timeout=SHUTDOWN_SECONDS)
    stage.create(partitions=1)
    return stage


@pytest.mark.parametrize("stage", ["embedded"], indirect=True)
@pytest.mark.parametrize("kind", [*HELD_BY, "c_code"])
def test_it_ends_and_names_what_held_it(embedded_stage: Stage, kind: str) -> None:
    stage = embedded_stage
    stage.put([(0, LeavingJob(1, kind)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, 2)
        left = psutil.Process(worker.pid).children()
        asked = time.monotonic()
        worker.signal(signal.SIGTERM)
        status = worker.wait()
        took = time.monotonic() - asked
        for child in left:
            child.kill()

    assert "The worker has stopped." in worker.output
    if kind == "c_code":
        # Not even the thread that ends it by force gets a turn; a timer of C does.
        assert status == 1
        assert "Timeout" in worker.output
        assert took < SHUTDOWN_SECONDS + 15
    else:
        assert status == 2
        assert f"has not ended within {SHUTDOWN_SECONDS:g} s" in worker.output
        assert HELD_BY[kind] in worker.output
        assert took < SHUTDOWN_SECONDS + 10


@pytest.mark.parametrize("stage", ["embedded"], indirect=True)
def test_one_that_hangs_while_it_starts_ends_too(embedded_stage: Stage) -> None:
    stage = embedded_stage
    (stage.directory / "slow.py").write_text("import time\nprint('slow')\ntime.sleep(600)\n")
    stage.configure(imports=["slow"])

    with stage.worker() as worker:
        worker.wait_for_output("slow")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 2

    assert "the main thread in <module>" in worker.output


@pytest.mark.parametrize("stage", ["embedded"], indirect=True)
def test_another_signal_in_its_last_moments_does_no_harm(embedded_stage: Stage) -> None:
    stage = embedded_stage

    with stage.steady_worker() as worker:
        worker.signal(signal.SIGTERM)
        while worker.returncode is None:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTTIN, signal.SIGTSTP):
                worker.signal(number)
            time.sleep(0.001)
        assert worker.wait() == 0
