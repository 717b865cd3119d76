"""One event loop in a thread of its own, and the coroutines on their way to it and back."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

from samovar.support import forks, raised
from samovar.support.saying import say

R = TypeVar("R")

#: How often a thread that waits for a coroutine sees whether its loop still works, in seconds.
LOOK_SECONDS = 1.0

#: `loop`: the `LoopThread` that this thread is.
_here = threading.local()
_all: weakref.WeakSet[LoopThread] = weakref.WeakSet()


def is_loop_thread() -> bool:
    """Whether the calling thread is one of those made here."""
    return hasattr(_here, "loop")


def tasks() -> list[asyncio.Task[Any]]:
    """What runs or waits on the loops made here; a snapshot for other threads."""
    return [task for loop in list(_all) for task in loop.tasks()]


class Call:
    """A coroutine on its way to a loop, and its end on the way back."""

    __slots__ = ("_context", "_coroutine", "_ended", "task")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._context = copy_context()
        #: Held until it has ended.
        self._ended = threading.Lock()
        self._ended.acquire()
        self.task: asyncio.Task[Any] | None = None

    def begin(self) -> None:
        """On the loop."""
        kept = _kept_from_the_loop(self._coroutine)
        self.task = asyncio.get_running_loop().create_task(kept, context=self._context)
        self.task.add_done_callback(self._release)

    def _release(self, task: asyncio.Task[Any]) -> None:
        self._ended.release()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, within this many seconds."""
        return self._ended.acquire(timeout=seconds)

    def result(self) -> Any:
        """What it gave or raised; a coroutine that was cancelled raises what is an `Exception` in
        threads, as a future's does.
        """
        assert self.task is not None
        if self.task.cancelled():
            raise CancelledError
        result, ending = self.task.result()
        if ending is not None:
            raise ending
        return result


class LoopThread:
    """An event loop with its thread."""

    def __init__(self, name: str, *, failed: Callable[[LoopThread], None]) -> None:
        """`failed` is called in its thread when the loop works no more."""
        self._loop = asyncio.new_event_loop()
        self._failed = failed
        self._arrived: deque[Call] = deque()
        #: Whether the loop will look at what has arrived: to wake it costs more than all the rest,
        #: so whoever comes while it is being woken does not do it again.
        self._is_woken = False
        self._is_over = False
        #: Why the loop works no more.
        self._failure: BaseException | None = None
        #: Whether this process was forked by a coroutine on this loop: it runs nothing any more.
        self.is_abandoned = False
        _all.add(self)
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, call: Call) -> None:
        """Let it begin. Any thread may call this."""
        self._arrived.append(call)
        if not self._is_woken:
            try:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._begin_arrived)
            except BaseException:
                self._is_woken = False  # or nobody would wake it any more
                raise

    def wait_for(self, call: Call) -> None:
        """Return when it has ended.

        Raises:
            RuntimeError: it never will, for the loop works no more.
        """
        while not call.wait(LOOK_SECONDS):
            if self._failure is not None:
                raise RuntimeError(
                    "The event loop that ran this coroutine has failed; the next coroutine gets a "
                    "new one."
                ) from self._failure

    def cancel(self, call: Call) -> None:
        """Nobody waits for it any more."""

        def stop() -> None:
            self._begin_arrived()
            if call.task is not None:
                call.task.cancel()

        if self._failure is None:
            self._loop.call_soon_threadsafe(stop)

    def end(self) -> None:
        """Nobody uses it any more."""
        self._loop.call_soon_threadsafe(self._end)

    def abandon(self) -> None:
        """This process was forked by a coroutine on this loop. What else the loop has to run is the
        parent's, and so are its epoll and its pipe: what the child changed in them, the parent
        would see. So the coroutine goes on to where it awaits something, and no further.
        """
        self.is_abandoned = True
        self._loop.stop()
        insides: Any = self._loop
        with suppress(AttributeError):  # a loop of another make
            insides._ready.clear()
            insides._selector.close()

    def tasks(self) -> set[asyncio.Task[Any]]:
        """What runs or waits on it; a snapshot for other threads."""
        return asyncio.all_tasks(self._loop)

    def _end(self) -> None:
        self._is_over = True
        self._loop.stop()

    def _begin_arrived(self) -> None:
        self._is_woken = False  # first: what arrives from now on wakes the loop again
        while self._arrived:
            self._arrived.popleft().begin()

    def _run(self) -> None:
        _here.loop = self
        while not self._is_over:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                pass  # of a task that a job has left: it may not end the loop for the rest
            except BaseException as error:
                self._failure = error
            if self.is_abandoned:
                _leave_unfinished()
            if self._failure is not None:
                self._failed(self)
                break
        with suppress(Exception):
            self._loop.close()


async def _kept_from_the_loop(
    coroutine: Coroutine[Any, Any, R],
) -> tuple[R | None, BaseException | None]:
    """SystemExit and KeyboardInterrupt as values: raised in a task they would end the loop, and
    whoever waits for the task would wait for ever.
    """
    try:
        result, ending = await coroutine, None
    except BaseException as error:
        if forks.is_child and _here.loop.is_abandoned:
            forks.leave(error)
        if not raised.is_a(error, (SystemExit, KeyboardInterrupt)):
            raise
        result, ending = None, error
    if forks.is_child and _here.loop.is_abandoned:
        forks.leave(ending)
    return result, ending


def _leave_unfinished() -> None:
    say(
        f"Process {os.getpid()}: a child that a coroutine job forked came to an `await`, and no "
        f"event loop runs here; it ends with status 1. Let such a child end by os._exit, or start "
        f"it with subprocess."
    )
    os._exit(1)


def _after_fork() -> None:
    if (loop := getattr(_here, "loop", None)) is not None:
        loop.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
