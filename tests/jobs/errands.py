"""Tiny jobs for what happens around a job: retries, rare errors, current attributes, last words."""

from __future__ import annotations

import importlib
import os
import signal
import time
from asyncio import CancelledError
from pathlib import Path

from samovar import CurrentAttributes, Job, retry_on
from tests.jobs.sample import JournalJob
from tests.support import journal


class Visit(CurrentAttributes):
    user_id: int | None = None


class Trace(CurrentAttributes):
    request_id: str | None = None


class VisitedJob(Job):
    """Notes the attributes that it sees, now and after a while; leaves some behind."""

    def perform(self, number: int, fails: bool = False) -> None:
        seen = f"{number} {Visit.user_id} {Trace.request_id}"
        journal.write("seen", seen)
        Visit.user_id, Trace.request_id = 1000 + number, None
        time.sleep(0.01)
        if Visit.user_id != 1000 + number:
            journal.write("mixed", number)
        if fails and is_first_run(number):
            raise RuntimeError(f"job {number} fails once")
        journal.write("done", number)


@retry_on(RuntimeError, wait=0, jitter=0, attempts=3)
class ThirdTimeJob(Job):
    """Is well at its third run."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        if self.executions < 3:
            raise RuntimeError(f"job {number} fails")
        journal.write("done", number)


class OddError(BaseException):
    """No `Exception`."""


class OddJob(Job):
    """Fails at its first run with an error of an unusual kind."""

    def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        if is_first_run(number):
            raise_one(kind)
        journal.write("done", number)


def raise_one(kind: str) -> None:
    if kind == "import":
        importlib.import_module("tests.jobs.a_module_that_is_not_there")
    if kind == "recursion":
        raise_one(kind)
    raise {"generator": GeneratorExit, "cancelled": CancelledError}.get(kind, OddError)()


class LastWordsJob(Job):
    """Tells its own process to end, and then enqueues many jobs."""

    def perform(self, number: int, count: int) -> None:
        journal.write("start", number)
        os.kill(os.getpid(), signal.SIGTERM)
        for n in range(number + 1, number + 1 + count):
            JournalJob.set(queue="later").perform_later(n)
        journal.write("done", number)


def is_first_run(number: int) -> bool:
    """Whether a job of this number has not been here before."""
    mark = Path(os.environ[journal.VARIABLE]).parent / f"ran-{number}"
    if mark.exists():
        return False
    mark.touch()
    return True
