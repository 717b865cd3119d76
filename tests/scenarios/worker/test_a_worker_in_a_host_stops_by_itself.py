"""A worker that is part of another process: what would end a process stops the worker alone, which
says so; and to stop it reaches jobs with steps.
"""

from __future__ import annotations

from tests.support.stage import Stage

HOST = """
import logging, sys, threading
from tests.support.eventually import eventually
from tests.jobs.{module} import {job}
from samovar import App
from samovar.monitoring import log_subscriber

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
log_subscriber.attach()
app = App()
worker = app.worker()
worker.start()
{job}.perform_later({arguments})
{then}
app.close()
"""


def test_system_exit_in_a_job_stops_it(stage: Stage) -> None:
    stage.create(partitions=1)
    then = """
eventually(lambda: worker.failure is not None, what="it fails")
print("the failure is", repr(worker.failure))
eventually(lambda: not any("samovar-executor" in t.name for t in threading.enumerate()))
print("stopped:", worker.stop())
"""
    done = stage.script(
        HOST.format(module="unruly", job="EndingJob", arguments="1, 'exit 7'", then=then)
    )

    assert done.returncode == 0, done.stderr
    assert "the worker stops" in done.stdout
    assert "The worker has stopped." in done.stdout
    assert "the failure is SystemExit(7)" in done.stdout
    assert "stopped: True" in done.stdout


def test_a_stop_reaches_jobs_with_steps(stage: Stage) -> None:
    stage.create(partitions=1)
    then = """
import os, time
from tests.support.journal import Journal
from pathlib import Path
journal = Journal(Path(os.environ["JOURNAL"]))
journal.wait(lambda j: j.lines("item"))
print("stopped:", worker.stop())
"""
    done = stage.script(HOST.format(module="steps", job="StepsJob", arguments="1, 500", then=then))

    assert done.returncode == 0, done.stderr
    assert "stopped: True" in done.stdout
    assert 1 <= len(stage.journal.lines("item")) < 500
