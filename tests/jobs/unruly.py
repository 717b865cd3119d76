"""Tiny jobs that do to their process what a job should not."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from samovar import Job
from tests.jobs.errands import is_first_run
from tests.support import journal

#: As long as nothing in a test ever waits, in seconds.
LONG = 600


class EndingJob(Job):
    """Calls for the end of its process at its first run."""

    def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        if is_first_run(number):
            raise {
                "exit 7": SystemExit(7),
                "exit 0": SystemExit(0),
                "memory": MemoryError(),
                "interrupt": KeyboardInterrupt(),
            }[kind]
        journal.write("done", number)


class ForkingCoroutineJob(Job):
    """Forks on the event loop; the child goes on in one of several ways."""

    async def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        await asyncio.sleep(0.01)
        if os.fork() == 0:
            journal.write("child", number)
            if kind == "awaits":
                await asyncio.sleep(0.1)
            elif kind == "yields":
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            elif kind == "raises":
                raise RuntimeError(f"the child of job {number} fails")
            elif kind == "exits":
                sys.exit(3)
            return
        await asyncio.sleep(0.01)
        journal.write("done", number)


class StartingCoroutineJob(Job):
    """Starts a process from the event loop, in ways that fork."""

    async def perform(self, number: int, kind: str) -> None:
        journal.write("start", number)
        await getattr(self, f"start_{kind}")()
        await asyncio.sleep(0.01)
        journal.write("done", number)

    async def start_process(self) -> None:
        process = multiprocessing.get_context("fork").Process(target=os.getpid)
        process.start()
        await asyncio.sleep(0.01)
        process.join()
        assert process.exitcode == 0

    async def start_command(self) -> None:
        subprocess.run(["true"], preexec_fn=os.getpid, check=True)

    async def start_fork_in_a_thread(self) -> None:
        assert await asyncio.to_thread(self.fork) == 0

    def fork(self) -> int:
        child = os.fork()
        if child == 0:
            os._exit(0)
        return os.waitpid(child, 0)[1]


class WaitingCoroutineJob(Job):
    """Waits on the event loop, several times."""

    async def perform(self, number: int) -> None:
        journal.write("start", number)
        for _ in range(10):
            await asyncio.sleep(0.01)
        journal.write("done", number)


class PatientCoroutineJob(Job):
    """Waits on the event loop for long."""

    async def perform(self, number: int, seconds: float = LONG) -> None:
        journal.write("start", number)
        await self.wait_for_a_miracle(seconds)
        journal.write("done", number)

    async def wait_for_a_miracle(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ClosingJob(Job):
    """Closes what it has not opened, at its first run."""

    def perform(self, number: int, first: int) -> None:
        journal.write("start", number)
        if is_first_run(number):
            os.closerange(first, 1000)
            return
        journal.write("done", number)


class StreamClosingJob(Job):
    """Closes a standard stream."""

    def perform(self, number: int, name: str) -> None:
        getattr(sys, name).close()
        journal.write("done", number)


class LeavingJob(Job):
    """Leaves something that keeps the process from ending."""

    def perform(self, number: int, kind: str) -> None:
        getattr(self, f"leave_{kind}")()
        journal.write("done", number)

    def leave_pool(self) -> None:
        ThreadPoolExecutor(1).submit(time.sleep, LONG)

    def leave_thread(self) -> None:
        threading.Thread(target=time.sleep, args=[LONG], name="left-behind", daemon=False).start()

    def leave_process(self) -> None:
        multiprocessing.get_context("spawn").Process(target=time.sleep, args=[LONG]).start()

    def leave_handler(self) -> None:
        atexit.register(linger)

    def leave_c_code(self) -> None:
        """It holds the interpreter's lock."""
        atexit.register(ctypes.PyDLL(None).sleep, LONG)


class ThreadEndingJob(Job):
    """Raises an error in another thread of its process, at its first run."""

    def perform(self, number: int, thread: str, error: str) -> None:
        journal.write("start", number)
        if is_first_run(number):
            (found,) = (t for t in threading.enumerate() if t.name.startswith(thread))
            assert found.ident is not None
            kind = {"exit": SystemExit, "memory": MemoryError}[error]
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(found.ident), ctypes.py_object(kind)
            )
        journal.write("done", number)


class SignallingJob(Job):
    """Sends its process a signal."""

    def perform(self, number: int, name: str) -> None:
        os.kill(os.getpid(), getattr(signal, name))
        journal.write("done", number)


def linger() -> None:
    time.sleep(LONG)
