"""What log lines about jobs depend on, set by the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _no_job() -> None:
    return None


def own_global_id(value: Any) -> str | None:
    """The global id that a record knows by itself: `to_global_id()` or `__global_id__`."""
    known = getattr(value, "to_global_id", None) or getattr(value, "__global_id__", None)
    return None if known is None else str(known() if callable(known) else known)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """How jobs are written; a job class's own `log_arguments` beats the one here."""

    #: Whether lines may show the arguments of jobs.
    log_arguments: bool = True
    #: Whether a line names the code that enqueued.
    verbose_enqueue_logs: bool = False
    #: The job that is being performed in this context, if any.
    current_job: Callable[[], Any] = _no_job
    #: A record's global id; None for any other value; may raise when a record has none yet.
    global_id: Callable[[Any], str | None] = own_global_id
