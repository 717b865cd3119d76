"""What happens after an error: which declaration of the class matches, and what it decides.

`retry_on` and `discard_on` decorate a job class. Declarations are tried from the top decorator
down, then the parent class's; when none matches an error, its cause is asked about.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar

from samovar.errors import ArgumentError

C = TypeVar("C", bound=type)
Handler = Callable[[Any, BaseException], object]
Wait = (
    float | timedelta | Literal["polynomially_longer", "exponentially_longer"] | Callable[..., Any]
)

_CURVES = ("polynomially_longer", "exponentially_longer")
#: Where a class keeps its own declarations; parents keep theirs.
_OWN = "_samovar_declarations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A `retry_on`: perform again, up to `attempts` runs in total."""

    errors: tuple[type[BaseException], ...]
    wait: Wait
    #: Runs in total; None is without end.
    attempts: int | None
    queue: str | None
    priority: int | None
    #: Part of a fixed or growing wait that is added at random; None is the application's.
    jitter: float | None
    #: Called with the job and the error when the attempts are used up.
    exhausted: Handler | None

    @property
    def key(self) -> str:
        """How Active Job counts this declaration's failures: Ruby's text of its error list."""
        return f"[{', '.join(error.__name__ for error in self.errors)}]"

    def __call__(self, cls: C) -> C:
        return _declare(cls, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A `discard_on`: drop the job."""

    errors: tuple[type[BaseException], ...]
    #: Called with the job and the error.
    then: Handler | None

    def __call__(self, cls: C) -> C:
        return _declare(cls, self)


Declaration = Retry | Discard


def retry_on(
    *errors: type[BaseException],
    wait: Wait = 3,
    attempts: int | Literal["unlimited"] = 5,
    queue: str | None = None,
    priority: int | None = None,
    jitter: float | None = None,
    exhausted: Handler | None = None,
) -> Retry:
    """Perform the job again after one of these errors.

    `wait` is seconds, a timedelta, ``"polynomially_longer"`` or a callable of the number of
    executions (and, if it takes two arguments, the error); `attempts` counts the first run too.

    Raises:
        ArgumentError: a value is of no use.
    """
    _check_errors("retry_on", errors)
    if isinstance(wait, str) and wait not in _CURVES:
        raise ArgumentError(
            f"retry_on: wait is {wait!r}; expected seconds, a timedelta, 'polynomially_longer' "
            f"or a callable."
        )
    if attempts != "unlimited" and (type(attempts) is not int or attempts < 1):
        raise ArgumentError(
            f"retry_on: attempts is {attempts!r}; expected a number from 1 up, or 'unlimited'."
        )
    return Retry(
        errors=errors,
        wait=wait,
        attempts=None if attempts == "unlimited" else attempts,
        queue=queue,
        priority=priority,
        jitter=jitter,
        exhausted=exhausted,
    )


def discard_on(*errors: type[BaseException], then: Handler | None = None) -> Discard:
    """Drop the job after one of these errors.

    Raises:
        ArgumentError: a value is of no use.
    """
    _check_errors("discard_on", errors)
    return Discard(errors=errors, then=then)


def find(cls: type, error: BaseException) -> tuple[Declaration, BaseException] | None:
    """The declaration that deals with `error` or one of its causes, and the error it matched."""
    declarations = tuple(_declarations(cls))
    for cause in _causes(error):
        for declaration in declarations:
            if isinstance(cause, declaration.errors):
                return declaration, cause
    return None


def delay_seconds(retry: Retry, executions: int, error: BaseException, jitter: float) -> float:
    """How long to wait before the next run; `executions` is this declaration's own count."""
    if callable(retry.wait):
        return _seconds(_call_wait(retry.wait, executions, error))
    share = jitter if retry.jitter is None else retry.jitter
    base = float(executions**4) if retry.wait in _CURVES else _seconds(retry.wait)
    rest = 2.0 if retry.wait in _CURVES else 0.0
    return base + random.random() * base * share + rest if share else base + rest


def _declare(cls: C, declaration: Declaration) -> C:
    # Decorators run from the bottom up, so what comes later stands higher: it goes to the front.
    setattr(cls, _OWN, (declaration, *cls.__dict__.get(_OWN, ())))
    return cls


def _declarations(cls: type) -> Iterator[Declaration]:
    for parent in cls.__mro__:
        yield from parent.__dict__.get(_OWN, ())


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, MemoryError) or not isinstance(error, Exception):
        # It concerns the process: what was handled before it came is no reason to keep it quiet.
        yield error
        return
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _call_wait(wait: Callable[..., Any], executions: int, error: BaseException) -> Any:
    try:
        inspect.signature(wait).bind(executions, error)
    except TypeError:
        return wait(executions)
    return wait(executions, error)


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value or 0)


def _check_errors(name: str, errors: tuple[Any, ...]) -> None:
    if not errors:
        raise ArgumentError(f"{name} needs at least one exception class.")
    for error in errors:
        if not (isinstance(error, type) and issubclass(error, BaseException)):
            raise ArgumentError(f"{name}: {error!r} is no exception class.")
