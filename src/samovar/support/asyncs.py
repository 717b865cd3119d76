"""Logic that is written once, as coroutines, and run in a thread or on an event loop."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

from samovar.support import event_loop

R = TypeVar("R")

_lock = threading.RLock()
#: How many calls of `in_thread` the code that runs here is inside of.
_depth: ContextVar[int] = ContextVar("samovar_thread_depth", default=0)
#: The threads of each depth from 1 on, by process; guarded by `_lock`.
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


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
        event_loop.check_place(value)
        result, context = event_loop.run(_with_its_context(value))
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
