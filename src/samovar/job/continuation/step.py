"""class Step: one step of a job, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from samovar.errors import SerializationError
from samovar.job import arguments as wire
from samovar.job.continuation.successor import successor
from samovar.job.continuation.wording import inspected
from samovar.job.hashes import Symbol

#: Cursors that nobody can change in place.
_UNCHANGING = frozenset({int, str, float, bool, type(None), Symbol, date, datetime, Decimal})


class _Cursor:
    """The type of `CURSOR`."""

    def __repr__(self) -> str:
        return "step.cursor"


#: Says that the successor of the cursor itself is meant.
CURSOR = _Cursor()


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A cursor in the form of a job argument."""

    value: Any


def _form(cursor: Any) -> Any:
    """What stays when the cursor is changed in place."""
    if cursor.__class__ in _UNCHANGING:
        return cursor
    try:
        return _Encoded(wire.serialize([cursor], {})[0])
    except SerializationError:  # raised when it has to travel
        return cursor


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
        self._kept = self._kept_before = _form(cursor)

    def __repr__(self) -> str:
        return f"<step {self.name!r}, cursor {self.cursor!r}>"

    @property
    def advanced(self) -> bool:
        """Whether the cursor is another one than where this run began."""
        return bool(self._kept != self._kept_before)

    @property
    def description(self) -> str:
        """Where it is: ``at 'records', cursor '3'``."""
        return f"at '{self.name}', cursor '{inspected(self.cursor)}'"

    def to_wire(self) -> list[Any]:
        """Name and cursor as they travel. A cursor that was changed in place since it was set goes
        as it was set.

        Raises:
            SerializationError: the cursor has no form on the wire.
        """
        kept = self._kept
        cursor = kept.value if isinstance(kept, _Encoded) else wire.serialize([kept], {})[0]
        return [self.name, cursor]

    def set(self, cursor: Any) -> None:
        """Note how far it came: anything that can be a job's argument. A checkpoint.

        Raises:
            Interrupt: the job shall stop here; let it pass.
        """
        self.cursor = cursor
        self._kept = _form(cursor)
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
        self.set(self.cursor)
