"""Distinguish `with helper(...)` from plain `helper(...)`: a block changes what the helpers do.

A plain call has to check, or perform, there and then; called for a block, the same helper must
wait until the block has run. Without telling them apart a forgotten `with` would pass unseen.
"""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import CodeType
from typing import Never

from samovar.errors import ArgumentError
from samovar.job.job import Job

#: What the interpreter does with the value that a `with` statement was given, by its version.
_ENTERS = (("BEFORE_WITH",), ("COPY", "LOAD_SPECIAL"))


def opens_block() -> bool:
    """Whether the function that asks was called in the head of a `with` statement.

    Functions that only return what it gives are looked through. Anything else that would enter
    it later, such as `ExitStack.enter_context`, counts as a plain call.
    """
    # Only the caller's next instruction shows it: `with` looks at the value afterwards.
    frame = sys._getframe(1).f_back  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        following = _following(frame.f_code, frame.f_lasti)
        if not following or not following[0].startswith("RETURN_"):
            return any(following[: len(entering)] == entering for entering in _ENTERS)
        frame = frame.f_back
    return False


@lru_cache(maxsize=512)
def _following(code: CodeType, offset: int) -> tuple[str, ...]:
    """The names of the two instructions after the one at `offset`."""
    instructions = dis.get_instructions(code)
    later = [entry.opname for entry in instructions if entry.offset > offset]
    return tuple(later[:2])


class _CheckedAlready:
    def __enter__(self) -> Never:
        raise ArgumentError(
            "This was done already, when it was called. To have it done around a block, call it "
            "in the head of a with statement: `with jobs.assert_enqueued_jobs(1):`."
        )

    def __exit__(self, *error: object) -> None: ...


class Checked(_CheckedAlready):
    """What an assertion that returns nothing leaves behind."""


class PerformedCount(_CheckedAlready, int):
    """How many jobs were performed."""


class MatchedJob(Job, registered=False):
    """A type only. Called plainly, the assertion gives the job; in a `with` statement,
    `as job` is it, complete when the block has ended.
    """

    def __enter__(self) -> Job:
        raise NotImplementedError

    def __exit__(self, *error: object) -> None: ...
