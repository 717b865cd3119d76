"""Where a job runs: its locale, its time zone, and which job it is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Generic, TypeVar

from samovar.support import zones

T = TypeVar("T")


class Ambient(Generic[T]):
    """A value of the surroundings. It is kept in a context variable, until a framework that has
    such a value of its own keeps it in place of this one.
    """

    __slots__ = ("get", "use")

    def __init__(self, name: str, default: T) -> None:
        variable = ContextVar(name, default=default)
        #: The value here and now.
        self.get: Callable[[], T] = variable.get
        #: Another value for the time of a block.
        self.use: Callable[[T], AbstractContextManager[Any]] = partial(_use, variable)

    def kept_by(
        self, get: Callable[[], T], use: Callable[[T], AbstractContextManager[Any]]
    ) -> None:
        """Let a framework keep it."""
        self.get, self.use = get, use


@contextmanager
def _use(variable: ContextVar[T], value: T) -> Generator[None, None, None]:
    before = variable.get()
    variable.set(value)
    try:
        yield
    finally:
        variable.set(before)


#: The locale that new jobs take along.
LOCALE: Ambient[str] = Ambient("samovar_locale", "en")
#: The name of the time zone that new jobs take along; None is the process's own.
TIMEZONE: Ambient[str | None] = Ambient("samovar_timezone", None)
#: The job that is being performed here, if any.
CURRENT_JOB: ContextVar[Any] = ContextVar("samovar_current_job", default=None)


def current_locale() -> str:
    """The locale of the running job or request."""
    return LOCALE.get()


def current_timezone() -> str | None:
    """The name of the time zone of the running job or request; None when none was chosen."""
    return TIMEZONE.get()


def use_locale(name: str) -> AbstractContextManager[Any]:
    """Make `name` the locale of a block, and of the jobs that are enqueued in it."""
    return LOCALE.use(name)


@contextmanager
def use_timezone(name: str | None) -> Generator[None, None, None]:
    """Make `name` the time zone of a block, and of the jobs that are built in it: a name of the
    tz database, or one of Rails' own such as ``"Eastern Time (US & Canada)"``.

    Raises:
        ArgumentError: there is no such zone.
    """
    if name is not None:
        zones.find(name)
    with TIMEZONE.use(name):
        yield
