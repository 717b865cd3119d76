"""The bridge from threads to coroutines: one event loop, in one thread of its own."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from samovar.errors import PerformInsideLoopError

R = TypeVar("R")

_lock = threading.Lock()
#: The running loop and the process it belongs to; guarded by `_lock`.
_current: tuple[int, asyncio.AbstractEventLoop] | None = None

#: How many calls of `in_thread` the code that runs here is inside of.
_depth: ContextVar[int] = ContextVar("samovar_thread_depth", default=0)
#: The threads of each depth from 1 on, by process; guarded by `_lock`.
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}

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
    _check_place(coroutine)
    if escorts:
        coroutine = _escorted(coroutine, [escort() for escort in escorts])
    future = asyncio.run_coroutine_threadsafe(_kept_from_the_loop(coroutine), _loop())
    try:
        result, ending = future.result()
    except BaseException:
        future.cancel()
        raise
    if ending is not None:
        raise ending
    return cast(R, result)


def _check_place(awaitable: object) -> None:
    if not _on_one_of_ours():
        return
    if inspect.iscoroutine(awaitable):
        awaitable.close()
    raise PerformInsideLoopError(
        "A coroutine job, callback or handler would have to run on the event loop that waits for "
        "it. From a coroutine use the twins that begin with a: `await "
        "ChargeJob.aperform_later(...)`, `await ChargeJob.aperform_now(...)`."
    )


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


def inside_loop() -> bool:
    """Whether the calling thread runs an event loop, and so must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _on_one_of_ours() -> bool:
    return getattr(_thread, "is_ours", False) and inside_loop()


@contextmanager
def another_loop() -> Generator[None, None, None]:
    """In this thread, for a block: coroutines run on a loop made for it, since the shared one waits
    for this thread.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=_run_once, args=(loop,), name="samovar-loop-2", daemon=True).start()
    _thread.loop = loop
    try:
        yield
    finally:
        del _thread.loop
        loop.call_soon_threadsafe(loop.stop)


def _run_once(loop: asyncio.AbstractEventLoop) -> None:
    _thread.is_ours = True
    loop.run_forever()
    loop.close()


def _run_for_good(loop: asyncio.AbstractEventLoop) -> None:
    """Neither a task that raises SystemExit nor one that stops the loop may end it for the rest."""
    _thread.is_ours = True
    while True:
        with suppress(BaseException):
            loop.run_forever()


def _loop() -> asyncio.AbstractEventLoop:
    global _current
    if (own := getattr(_thread, "loop", None)) is not None:
        return own
    with _lock:
        if _current is None or _current[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(
                target=_run_for_good, args=(loop,), name="samovar-loop", daemon=True
            ).start()
            _current = (os.getpid(), loop)
        return _current[1]


class Door(Protocol):
    """How logic that is written once, as coroutines, is run: in a thread, or on a loop."""

    async def settle(self, value: Any) -> Any:
        """The value, awaited if that is what it needs."""
        ...

    async def block(self, function: Callable[..., R], *args: Any) -> R:
        """Call what may block."""
        ...


class _Here:
    """In the caller's thread: nothing is ever suspended, awaitables run on the shared loop."""

    async def settle(self, value: Any) -> Any:
        if not inspect.isawaitable(value):
            return value
        _check_place(value)
        result, context = run(_with_its_context(value))
        _take_over(context)
        return result

    async def block(self, function: Callable[..., R], *args: Any) -> R:
        return function(*args)


class _OnLoop:
    """On the caller's event loop."""

    async def settle(self, value: Any) -> Any:
        return await value if inspect.isawaitable(value) else value

    async def block(self, function: Callable[..., R], *args: Any) -> R:
        return await in_thread(function, *args)


#: For `drive`.
HERE: Door = _Here()
#: For `await`.
ON_LOOP: Door = _OnLoop()


async def in_thread(function: Callable[..., R], *args: Any) -> R:
    """Call what may block in a thread, with the caller's context variables.

    A call from within such a call has threads of its own: with all threads taken by calls that
    wait for calls of theirs, none would ever end.
    """
    depth = _depth.get()
    context = copy_context()
    context.run(_depth.set, depth + 1)
    call = partial(context.run, function, *args)
    return await asyncio.get_running_loop().run_in_executor(_threads(depth), call)


def _threads(depth: int) -> ThreadPoolExecutor | None:
    if not depth:
        return None  # the loop's own
    with _lock:
        key = os.getpid(), depth
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(thread_name_prefix=f"samovar-depth-{depth}")
        return _pools[key]


def drive(coroutine: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine that goes through HERE, and so never suspends, in the caller's thread."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("A coroutine that was to run in its caller's thread was suspended.")


async def _with_its_context(value: Awaitable[R]) -> tuple[R, Context]:
    return await value, copy_context()


def _take_over(context: Context) -> None:
    """What a coroutine set in context variables holds for what follows it."""
    here = copy_context()
    for variable, value in context.items():
        if variable not in here or here[variable] is not value:
            variable.set(value)
