"""Where a job runs: its locale, its time zone, and which job it is."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

#: The locale that new jobs take along.
LOCALE: ContextVar[str] = ContextVar("samovar_locale", default="en")
#: The name of the time zone that new jobs take along; None is the process's own.
TIMEZONE: ContextVar[str | None] = ContextVar("samovar_timezone", default=None)
#: The job that is being performed here, if any.
CURRENT_JOB: ContextVar[Any] = ContextVar("samovar_current_job", default=None)
