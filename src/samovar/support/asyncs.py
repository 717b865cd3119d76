"""The bridge from threads to coroutines: one event loop, in one thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar, cast

R = TypeVar("R")

_lock = threading.Lock()
#: The running loop and the process it belongs to; guarded by `_lock`.
_current: tuple[int, asyncio.AbstractEventLoop] | None = None


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on the shared loop and wait for its result.

    The caller's context variables are seen by the coroutine.
    """
    future = asyncio.run_coroutine_threadsafe(_kept_from_the_loop(coroutine), _loop())
    try:
        result, ending = future.result()
    except BaseException:
        future.cancel()
        raise
    if ending is not None:
        raise ending
    return cast(R, result)


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


def inside_loop() -> bool:
    """Whether the calling thread runs an event loop, and so must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_for_good(loop: asyncio.AbstractEventLoop) -> None:
    """Neither a task that raises SystemExit nor one that stops the loop may end it for the rest."""
    while True:
        with suppress(BaseException):
            loop.run_forever()


def _loop() -> asyncio.AbstractEventLoop:
    global _current
    with _lock:
        if _current is None or _current[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(
                target=_run_for_good, args=(loop,), name="samovar-loop", daemon=True
            ).start()
            _current = (os.getpid(), loop)
        return _current[1]
