"""Which job classes will ask their backend to wait: for a check before a worker starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from samovar.job.retries import Retry, declared


def delays(cls: type) -> Iterator[str]:
    """What in a job class waits, in the words in which it was declared."""
    for declaration in declared(cls):
        if not isinstance(declaration, Retry) or declaration.attempts == 1:
            continue
        if _is_positive(declaration.wait):
            errors = ", ".join(_name(error) for error in declaration.errors)
            yield f"retry_on({errors}, wait={declaration.wait!r})"
    options: Any = getattr(cls, "resume_options", None)
    if isinstance(options, Mapping) and (
        _is_positive(options.get("wait")) or options.get("wait_until")  # pyright: ignore
    ):
        yield f"resume_options = {dict(options)!r}"  # pyright: ignore


def _is_positive(wait: Any) -> bool:
    if isinstance(wait, timedelta):
        return wait > timedelta(0)
    if isinstance(wait, int | float):
        return wait > 0
    return wait is not None


def _name(error: Any) -> str:
    return error if isinstance(error, str) else error.__name__
