"""Stop a job that consists of steps at a chosen place, as a worker that ends would.

The test adapter is asked at each checkpoint whether the job should stop; for the time of a block
it answers by the job's `continuation`: `completed` (names of steps) and `current` (the step that
runs, with its `name` and `cursor`, or None).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from samovar.job.state import JobState
from samovar.queue_adapters.test import TestAdapter


def during_step(
    adapter: TestAdapter, cls: type[JobState], step: str, cursor: Any, reason: object
) -> AbstractContextManager[None]:
    """Stop in that step, at any cursor or (not None) at that one."""

    def is_there(continuation: Any) -> bool:
        current = continuation.current
        if current is None or current.name != step:
            return False
        return cursor is None or bool(current.cursor == cursor)

    return _stopping(adapter, cls, is_there, reason)


def after_step(
    adapter: TestAdapter, cls: type[JobState], step: str, reason: object
) -> AbstractContextManager[None]:
    """Stop when that step was the last to complete and none has begun since."""

    def is_there(continuation: Any) -> bool:
        return continuation.current is None and list(continuation.completed)[-1:] == [step]

    return _stopping(adapter, cls, is_there, reason)


@contextmanager
def _stopping(
    adapter: TestAdapter,
    cls: type[JobState],
    is_there: Callable[[Any], bool],
    reason: object,
) -> Generator[None, None, None]:
    def when(job: Any) -> object:
        return issubclass(type(job), cls) and is_there(job.continuation) and reason

    before = adapter.stopping_when
    adapter.stopping_when = when
    try:
        yield
    finally:
        adapter.stopping_when = before
