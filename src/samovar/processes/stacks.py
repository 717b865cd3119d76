"""Where each thread and each coroutine of this process is, in words."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from samovar.support import loop_thread


def stacks() -> str:
    """Every thread with its stack, and every coroutine job with the place where it waits."""
    parts: list[str] = []
    for thread, frame in _threads():
        parts += [f"--- process {os.getpid()}: {thread.name}\n", *traceback.format_stack(frame)]
    for task in loop_thread.tasks():
        frames = [(frame, frame.f_lineno) for frame in _waiting(task.get_coro())]
        if frames:
            parts += [
                f"--- process {os.getpid()}: a coroutine ({task.get_name()})\n",
                *traceback.StackSummary.extract(iter(frames)).format(),
            ]
    return "".join(parts).rstrip("\n")


def holders() -> str:
    """What keeps this process from ending, in a few words."""
    own, awaited = threading.main_thread(), _pooled()
    held = [
        f"the thread {thread.name!r} in {_place(frame)}"
        for thread, frame in _threads()
        if thread is not own and (not thread.daemon or thread in awaited)
    ]
    held += [f"the process {pid}, a child" for pid in _children()]
    if not held:
        held = [f"the main thread in {_place(f)}" for thread, f in _threads() if thread is own]
    return "; ".join(held) or "code outside of Python"


def _threads() -> Iterator[tuple[threading.Thread, FrameType]]:
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] -- the documented way
    for thread in threading.enumerate():
        if thread.ident is not None and (frame := frames.get(thread.ident)) is not None:
            yield thread, frame


def _waiting(coroutine: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it awaits, the outermost first."""
    while coroutine is not None:
        for kind in ("cr", "gi", "ag"):
            if (frame := getattr(coroutine, f"{kind}_frame", None)) is not None:
                yield frame
                coroutine = getattr(coroutine, f"{kind}_await", None) or getattr(
                    coroutine, f"{kind}_yieldfrom", None
                )
                break
        else:
            return


def _place(frame: FrameType) -> str:
    code: CodeType = frame.f_code
    return f"{code.co_name} ({code.co_filename}:{frame.f_lineno})"


def _pooled() -> set[threading.Thread]:
    """Threads of pools: they are waited for at the end though they may be daemons."""
    pools: Any = sys.modules.get("concurrent.futures.thread")
    return set(getattr(pools, "_threads_queues", ()))


def _children() -> list[int]:
    """Processes that multiprocessing has started here, and waits for."""
    started: Any = sys.modules.get("multiprocessing")
    if started is None:
        return []
    return [process.pid for process in started.active_children() if process.is_alive()]
