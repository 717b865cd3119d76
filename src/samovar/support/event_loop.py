"""The event loop in a thread of its own, to which threads hand their coroutines."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, suppress
from contextvars import copy_context
from typing import Any, TypeVar

from samovar.errors import PerformInsideLoopError

R = TypeVar("R")

_lock = threading.Lock()
#: The shared loop and the process it belongs to; made under `_lock`.
_shared: tuple[int, _Loop] | None = None

#: `is_ours` in the threads of loops made here; `loop` where another is used than the shared one.
_thread = threading.local()

#: For libraries that keep something by thread: each is called in the thread that a coroutine
#: leaves, and what it gives is entered on the loop, around the coroutine.
escorts: list[Callable[[], AbstractAsyncContextManager[Any]]] = []


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the shared loop and wait for its result.

    The caller's context variables are seen by the coroutine.

    Raises:
        PerformInsideLoopError: the caller runs on that loop, which cannot wait for itself.
    """
    check_place(coroutine)
    if escorts:
        coroutine = _escorted(coroutine, [escort() for escort in escorts])
    call = _Call(coroutine)
    loop = getattr(_thread, "loop", None) or _shared_loop()
    try:
        loop.submit(call)
        call.wait()
    except BaseException:
        loop.cancel(call)
        raise
    return call.result()


def check_place(awaitable: object) -> None:
    """Whether the caller may wait for this.

    Raises:
        PerformInsideLoopError: it runs on the loop that would have to run it.
    """
    if not (getattr(_thread, "is_ours", False) and inside_loop()):
        return
    if inspect.iscoroutine(awaitable):
        awaitable.close()
    raise PerformInsideLoopError(
        "A coroutine job, callback or handler would have to run on the event loop that waits for "
        "it. From a coroutine use the twins that begin with a: `await "
        "ChargeJob.aperform_later(...)`, `await ChargeJob.aperform_now(...)`."
    )


def inside_loop() -> bool:
    """Whether the calling thread runs an event loop, and so must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def another_loop() -> Generator[None, None, None]:
    """In this thread, for a block: coroutines run on a loop made for it, since the shared one waits
    for this thread.
    """
    outer = getattr(_thread, "loop", None)
    loop = _thread.loop = _Loop("samovar-loop-2")
    try:
        yield
    finally:
        _thread.loop = outer
        loop.end()


class _Call:
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

    def wait(self) -> None:
        """Return when it has ended."""
        self._ended.acquire()

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


async def _kept_from_the_loop(
    coroutine: Coroutine[Any, Any, R],
) -> tuple[R | None, BaseException | None]:
    """SystemExit and KeyboardInterrupt as values: raised in a task they would end the loop, and
    whoever waits for the task would wait for ever.
    """
    try:
        return await coroutine, None
    except (SystemExit, KeyboardInterrupt) as ending:
        return None, ending


async def _escorted(
    coroutine: Coroutine[Any, Any, R], company: list[AbstractAsyncContextManager[Any]]
) -> R:
    try:
        async with AsyncExitStack() as stack:
            for one in company:
                await stack.enter_async_context(one)
            return await coroutine
    finally:
        coroutine.close()  # it never began, if an escort failed


class _Loop:
    """An event loop with its thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._arrived: deque[_Call] = deque()
        #: Whether the loop will look at what has arrived: to wake it costs more than all the rest,
        #: so whoever comes while it is being woken does not do it again.
        self._is_woken = False
        self._is_over = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, call: _Call) -> None:
        """Let it begin. Any thread may call this."""
        self._arrived.append(call)
        if not self._is_woken:
            try:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._begin_arrived)
            except BaseException:
                self._is_woken = False  # or nobody would wake it any more
                raise

    def cancel(self, call: _Call) -> None:
        """Nobody waits for it any more."""

        def stop() -> None:
            self._begin_arrived()
            if call.task is not None:
                call.task.cancel()

        self._loop.call_soon_threadsafe(stop)

    def end(self) -> None:
        """Nobody uses it any more."""
        self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._is_over = True
        self._loop.stop()

    def _begin_arrived(self) -> None:
        self._is_woken = False  # first: what arrives from now on wakes the loop again
        while self._arrived:
            self._arrived.popleft().begin()

    def _run(self) -> None:
        _thread.is_ours = True
        # Neither a task that raises SystemExit nor one that stops the loop may end it for the rest.
        while not self._is_over:
            with suppress(BaseException):
                self._loop.run_forever()
        self._loop.close()


def _shared_loop() -> _Loop:
    global _shared
    if (shared := _shared) is not None and shared[0] == os.getpid():
        return shared[1]
    with _lock:
        if _shared is None or _shared[0] != os.getpid():
            _shared = os.getpid(), _Loop("samovar-loop")
        return _shared[1]
