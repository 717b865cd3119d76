"""The session that a delivered job's records are loaded with: one a job, closed when it ends."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

from sqlalchemy.orm import scoped_session

from samovar.support import event_loop


class JobSessions:
    """Makes a session when a job's first record is looked up."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        #: The session of the job that is delivered here, in a list once it is made.
        self._held: ContextVar[list[Any] | None] = ContextVar("samovar_session", default=None)

    def kept(self, job: object) -> Generator[None, None, None]:
        """Around a delivered job."""
        held: list[Any] = []
        token = self._held.set(held)
        try:
            yield
        finally:
            self._held.reset(token)
            for session in held:
                self._close(session)

    def get(self, cls: type, key: tuple[Any, ...]) -> Any:
        """The record of that primary key; None if there is none."""
        held = self._held.get()
        session = held[0] if held else self._make()
        if held is not None and not held:
            held.append(session)
        try:
            return _settled(session.get(cls, key))
        finally:
            if held is None:
                self._close(session)

    def _close(self, session: Any) -> None:
        make: Any = self._make
        if isinstance(make, scoped_session):
            make.remove()
        else:
            _settled(session.close())


def _settled(value: Any) -> Any:
    return event_loop.run(value) if inspect.iscoroutine(value) else value
