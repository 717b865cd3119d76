"""What each signal does to a worker and to its children, at any time of their lives; and a standard
error that nobody reads changes nothing of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.jobs.sample import GateJob, JournalJob
from tests.jobs.unruly import PatientCoroutineJob, SignallingJob, StreamClosingJob
from tests.support.eventually import eventually
from tests.support.processes import children
from tests.support.stage import Stage

pytestmark = pytest.mark.parametrize("stage", ["embedded"], indirect=True)


@pytest.fixture(autouse=True)
def jobs(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.sample", "tests.jobs.unruly"])
    stage.create(partitions=4)


def test_hup_ends_a_worker_in_order(stage: Stage) -> None:
    stage.put([(0, GateJob(1))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 1)
        worker.signal(signal.SIGHUP)
        worker.wait_for_output("The worker is stopping")
        stage.open_gate(1)
        assert worker.wait() == 0
    assert stage.journal.numbers("done") == [1]


@pytest.mark.parametrize("name", ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF"])
def test_a_signal_without_meaning_is_ignored_with_a_line(stage: Stage, name: str) -> None:
    stage.put([(0, SignallingJob(1, name)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        worker.wait_for_output(f"the signal {name} means nothing here")
        stage.journal.wait_for("done", 1, 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_ttin_shows_threads_and_waiting_coroutines_even_while_a_worker_ends(stage: Stage) -> None:
    stage.put([(0, PatientCoroutineJob(1)), (1, GateJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", 1, 2)
        worker.signal(signal.SIGTERM)
        worker.wait_for_output("The worker is stopping")
        worker.signal(signal.SIGTTIN)
        worker.wait_for_output("in wait_for_a_miracle")
        worker.wait_for_output(f"--- process {worker.pid}: samovar-executor-0")
        assert "in perform" in worker.output


def test_children_get_their_signals_from_the_first_moment_on(stage: Stage) -> None:
    with stage.worker("--processes", "2") as worker:
        eventually(lambda: children(worker.pid), what="a child is born")
        worker.signal(signal.SIGTTIN)
        worker.signal(signal.SIGTSTP)
        eventually(lambda: len(children(worker.pid)) == 2, what="both are born")
        born = children(worker.pid)
        for pid in born:
            worker.wait_for_output(f"--- process {pid}: MainThread")
        eventually(lambda: worker.output.count("takes no new jobs") == 2, what="both are quiet")

        os.kill(born[0], signal.SIGKILL)
        eventually(lambda: worker.output.count("takes no new jobs") == 3, what="the next one is")
        assert not any(psutil.Process(pid).status() == "stopped" for pid in children(worker.pid))
        stage.put((n % 4, JournalJob(n)) for n in range(20))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert stage.journal.numbers("start") == []


@pytest.mark.parametrize("processes", [1, 2])
def test_standard_error_without_a_reader_ends_nothing(stage: Stage, processes: int) -> None:
    stage.put((n % 4, JournalJob(n)) for n in range(20))
    worker = subprocess.Popen(
        [sys.executable, "-m", "samovar", "worker", "--processes", str(processes)],
        cwd=stage.directory,
        env={**os.environ, **stage.environment},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        assert worker.stderr is not None
        worker.stderr.readline()
        worker.stderr.close()
        stage.journal.wait_for("done", *range(20))
        for _ in range(3):
            worker.send_signal(signal.SIGTTIN)
            worker.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
        stage.put((n % 4, JournalJob(n)) for n in range(20, 40))
        stage.journal.wait_for("done", *range(20, 40))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.wait()
    assert sorted(stage.journal.numbers("start")) == list(range(40))


@pytest.mark.parametrize("name", ["stderr", "stdout"])
def test_a_stream_that_a_job_closed_does_not_change_how_a_worker_ends(
    stage: Stage, name: str
) -> None:
    stage.put([(0, StreamClosingJob(0, name))])
    stage.put((n % 4, JournalJob(n)) for n in range(1, 100))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(100))
        worker.signal(signal.SIGTTIN)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    with stage.worker() as successor:
        successor.wait_for_output("The worker has started")
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert sorted(stage.journal.numbers("done")) == list(range(100))
