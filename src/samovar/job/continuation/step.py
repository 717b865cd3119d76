"""class Step: one step of a job, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from samovar.job.continuation.successor import successor
from samovar.job.continuation.wording import inspected

_CONTAINERS = (list, dict, set)


class _Cursor:
    """The type of `CURSOR`."""

    def __repr__(self) -> str:
        return "step.cursor"


#: Says that the successor of the cursor itself is meant.
CURSOR = _Cursor()


class Step:
    """What a step's function is given: where to go on from, and where to note how far it came.

    ```python
    @self.step(start=0)
    def process_records(step):
        for record in source.records(start=step.cursor):
            record.process()
            step.advance(from_=record.id)
    ```
    """

    def __init__(
        self, name: str, cursor: Any, *, resumed: bool, checkpoint: Callable[[], None]
    ) -> None:
        self.name = name
        #: How far it came; what `start` said until it is set.
        self.cursor: Any = cursor
        #: Whether an earlier run began it.
        self.resumed = resumed
        self._checkpoint = checkpoint
        self._cursor_before = cursor
        self._was_changed_in_place = False

    def __repr__(self) -> str:
        return f"<step {self.name!r}, cursor {self.cursor!r}>"

    @property
    def advanced(self) -> bool:
        """Whether the cursor is another one than where this run began."""
        return self._was_changed_in_place or bool(self.cursor != self._cursor_before)

    @property
    def description(self) -> str:
        """Where it is: ``at 'records', cursor '3'``."""
        return f"at '{self.name}', cursor '{inspected(self.cursor)}'"

    def set(self, cursor: Any) -> None:
        """Note how far it came: anything that can be a job's argument. A checkpoint.

        Raises:
            Interrupt: the job shall stop here; let it pass.
        """
        if cursor is self.cursor and cursor.__class__ in _CONTAINERS:
            self._was_changed_in_place = True
        self.cursor = cursor
        self._checkpoint()

    def advance(self, *, from_: Any = CURSOR) -> None:
        """Set the cursor to the successor of `from_`, or of the cursor itself. A checkpoint.

        Raises:
            UnadvanceableCursorError: there is no successor.
            Interrupt: the job shall stop here; let it pass.
        """
        self.set(successor(self.cursor if from_ is CURSOR else from_))

    def checkpoint(self) -> None:
        """Let the job stop here if it should, with the cursor as it is.

        Raises:
            Interrupt: the job shall stop here; let it pass.
        """
        self._checkpoint()
