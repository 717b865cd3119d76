"""Tiny jobs that note what they do in the test's journal."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import threading
import time
from contextvars import ContextVar
from pathlib import Path

from samovar import DeserializationError, Job, discard_on, retry_on
from tests.support import journal

#: How often a closed gate is looked at, in seconds.
LOOK_SECONDS = 0.01
#: The job that ran here before; None when no trace of it is left, as it should be.
LEFT_BEHIND: ContextVar[int | None] = ContextVar("left_behind", default=None)


class JournalJob(Job):
    """Takes as long as it is told."""

    def perform(self, number: int, seconds: float = 0.0) -> None:
        journal.write("start", number)
        if seconds:
            time.sleep(seconds)
        journal.write("done", number)


class CountingJob(Job):
    """Fails so often, and notes each time which run it is."""

    def perform(self, number: int, fails: int) -> None:
        journal.write("run", f"{number}:{self.executions}")
        if self.executions <= fails:
            raise RuntimeError("not yet")
        journal.write("done", number)


class HoldingJob(Job):
    """Holds the interpreter's lock, as a C call may that does not give it back."""

    def perform(self, number: int, seconds: int) -> None:
        journal.write("start", number)
        ctypes.PyDLL(None).sleep(seconds)
        journal.write("done", number)


class GateJob(Job):
    """Ends when the test opens its gate."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        gate = Path(os.environ[journal.VARIABLE]).parent / f"gate-{number}"
        while not gate.exists():
            time.sleep(LOOK_SECONDS)
        journal.write("done", number)


class StrandedJob(Job):
    """Fails once the test opens its gate; ends well at once in the process of a visitor."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        gate = Path(os.environ[journal.VARIABLE]).parent / f"gate-{number}"
        while "VISITOR" not in os.environ:
            if gate.exists():
                raise RuntimeError(f"job {number} fails where it is no longer wanted")
            time.sleep(LOOK_SECONDS)
        journal.write("done", number)


@retry_on(RuntimeError, wait=0, jitter=0)
class StrandedRetryJob(StrandedJob):
    """The same, and is enqueued again when it fails; that run ends well."""

    def perform(self, number: int) -> None:
        if self.executions > 1:
            journal.write("retried", number)
        else:
            super().perform(number)


class HealingJob(Job):
    """Fails until the test opens its gate."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        if not (Path(os.environ[journal.VARIABLE]).parent / f"gate-{number}").exists():
            raise RuntimeError(f"job {number} is not well yet")
        journal.write("done", number)


class FailingJob(Job):
    """Fails whenever it is performed."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        raise RuntimeError(f"job {number} fails")


@discard_on(DeserializationError, then=lambda job, error: journal.write("discarded"))
class EnduringJob(Job):
    """What hostile payloads name; it takes nothing."""

    def perform(self) -> None:
        journal.write("endured")


class DeadlyJob(Job):
    """Kills its process whenever it is performed."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        os.kill(os.getpid(), signal.SIGKILL)


class FlakyJob(Job):
    """Fails at its first run."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        mark = Path(os.environ[journal.VARIABLE]).parent / f"failed-{number}"
        if not mark.exists():
            mark.touch()
            raise RuntimeError(f"job {number} fails once")
        journal.write("done", number)


@retry_on(RuntimeError, wait=0, jitter=0, attempts=2)
class TwiceFailingJob(Job):
    """Fails whenever it is performed, and is not to be tried more than twice."""

    def perform(self, number: int) -> None:
        journal.write("start", number)
        raise RuntimeError(f"job {number} fails")


class ExitingJob(Job):
    """Calls for the end of its process at its first run."""

    def perform(self, number: int) -> None:
        self.perform_once(number)

    @staticmethod
    def perform_once(number: int) -> None:
        journal.write("start", number)
        mark = Path(os.environ[journal.VARIABLE]).parent / f"exited-{number}"
        if not mark.exists():
            mark.touch()
            raise SystemExit(f"job {number} ends the process")
        journal.write("done", number)


class NoticingJob(Job):
    """Notes where it ran, and what another job of this class left in a context variable."""

    def perform(self, number: int) -> None:
        journal.write("thread", threading.current_thread().name)
        journal.write("seen", LEFT_BEHIND.get())
        LEFT_BEHIND.set(number)
        journal.write("done", number)


class NoticingCoroutineJob(Job):
    """The same, on the event loop."""

    async def perform(self, number: int) -> None:
        journal.write("thread", threading.current_thread().name)
        journal.write("seen", LEFT_BEHIND.get())
        LEFT_BEHIND.set(number)
        await asyncio.sleep(0)
        journal.write("kept" if LEFT_BEHIND.get() == number else "overwritten", number)
        journal.write("done", number)


class ExitingCoroutineJob(Job):
    """`ExitingJob` on the event loop."""

    async def perform(self, number: int) -> None:
        await asyncio.sleep(0)
        ExitingJob.perform_once(number)
