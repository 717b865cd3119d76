"""Coroutines that threads hand to the shared event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from samovar.errors import PerformInsideLoopError
from samovar.support import event_loop

VARIABLE: ContextVar[str] = ContextVar("variable", default="")


async def doubled(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


def test_many_threads_each_get_their_own_result() -> None:
    with ThreadPoolExecutor(20) as threads:
        results = threads.map(lambda number: event_loop.run(doubled(number)), range(2000))

    assert list(results) == [number * 2 for number in range(2000)]


def test_they_run_beside_each_other() -> None:
    everybody = threading.Barrier(5)

    async def meet() -> None:
        await asyncio.to_thread(everybody.wait, 30)

    with ThreadPoolExecutor(5) as threads:
        for met in [threads.submit(event_loop.run, meet()) for _ in range(5)]:
            met.result(30)


def test_a_coroutine_sees_its_callers_variables() -> None:
    async def seen() -> str:
        return VARIABLE.get()

    VARIABLE.set("the caller's")

    assert event_loop.run(seen()) == "the caller's"


def refuse() -> None:
    raise ValueError("no")


def end() -> None:
    raise SystemExit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("fail", "error"), [(refuse, ValueError), (end, SystemExit), (interrupt, KeyboardInterrupt)]
)
def test_an_error_reaches_the_caller_and_the_loop_goes_on(
    fail: Callable[[], None], error: type[BaseException]
) -> None:
    async def failing() -> None:
        fail()

    with pytest.raises(error):
        event_loop.run(failing())
    assert event_loop.run(doubled(2)) == 4


def test_a_cancelled_coroutine_is_an_ordinary_error_to_its_thread() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CancelledError):
        event_loop.run(cancelled())


def test_nobody_waits_on_the_loop_for_the_loop() -> None:
    async def waiting() -> None:
        event_loop.run(doubled(1))

    with pytest.raises(PerformInsideLoopError, match="aperform_later"):
        event_loop.run(waiting())


def test_a_thread_that_the_loop_waits_for_may_use_another_one() -> None:
    def in_thread() -> int:
        with event_loop.another_loop():
            return event_loop.run(doubled(1))

    async def waiting() -> int:
        return await asyncio.to_thread(in_thread)

    assert event_loop.run(waiting()) == 2


def test_in_a_forked_child_too_a_finalizer_may_come_by_while_the_loop_is_made() -> None:
    pid = os.fork()
    if pid == 0:
        lock = event_loop._lock
        with lock:
            os._exit(0 if lock.acquire(blocking=False) else 1)
    _, status = os.waitpid(pid, 0)

    assert status == 0


def test_an_error_that_cannot_be_read_comes_back_as_it_is() -> None:
    class UnreadableError(Exception):
        def __getattribute__(self, name: str) -> object:
            raise KeyError(name)

    async def fail() -> None:
        raise UnreadableError

    try:
        event_loop.run(fail())
    except BaseException as error:
        kind = type(error)  # pytest could not print the error itself
    else:
        kind = type(None)

    assert kind is UnreadableError
