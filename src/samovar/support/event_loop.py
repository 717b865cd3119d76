"""The event loop in a thread of its own, to which threads hand their coroutines."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Any, TypeVar

from samovar.errors import PerformInsideLoopError
from samovar.support.loop_thread import Call, LoopThread, is_loop_thread

R = TypeVar("R")

_lock = threading.RLock()
#: The shared loop and the process it belongs to; made under `_lock`.
_shared: tuple[int, LoopThread] | None = None

#: `loop` where another is used than the shared one.
_thread = threading.local()

#: For libraries that keep something by thread: each is called in the thread that a coroutine
#: leaves, and what it gives is entered on the loop, around the coroutine.
contexts: list[Callable[[], AbstractAsyncContextManager[Any]]] = []


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the shared loop and wait for its result.

    The caller's context variables are seen by the coroutine.

    Raises:
        PerformInsideLoopError: the caller runs on that loop, which cannot wait for itself.
    """
    check_place(coroutine)
    if contexts:
        coroutine = _within_contexts(coroutine, [context() for context in contexts])
    call = Call(coroutine)
    loop = getattr(_thread, "loop", None) or _shared_loop()
    try:
        loop.submit(call)
        loop.wait_for(call)
    except BaseException:
        loop.cancel(call)
        raise
    return call.result()


def check_place(awaitable: object) -> None:
    """Whether the caller may wait for this.

    Raises:
        PerformInsideLoopError: it runs on the loop that would have to run it.
    """
    if not (is_loop_thread() and inside_loop()):
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
    loop = _thread.loop = LoopThread("samovar-loop-2", failed=_forget)
    try:
        yield
    finally:
        _thread.loop = outer
        loop.end()


async def _within_contexts(
    coroutine: Coroutine[Any, Any, R], company: list[AbstractAsyncContextManager[Any]]
) -> R:
    try:
        async with AsyncExitStack() as stack:
            for one in company:
                await stack.enter_async_context(one)
            return await coroutine
    finally:
        coroutine.close()  # it never began, if a context failed


def _shared_loop() -> LoopThread:
    global _shared
    if (shared := _shared) is not None and shared[0] == os.getpid():
        return shared[1]
    with _lock:
        if _shared is None or _shared[0] != os.getpid():
            _shared = os.getpid(), LoopThread("samovar-loop", failed=_forget)
        return _shared[1]


def _forget(loop: LoopThread) -> None:
    """Whoever needs a loop next makes another one."""
    global _shared
    with _lock:
        if _shared is not None and _shared[1] is loop:
            _shared = None


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
