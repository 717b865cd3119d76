"""What a class declares about errors, and what each declaration says.

`retry_on`, `discard_on` and `rescue_from` decorate a job class. They are tried from the top
decorator down, then the parent class's; see `handlers.py`.
"""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, ParamSpec, TypeVar

from samovar.errors import ArgumentError
from samovar.job.class_checks import Place, users_level, users_place
from samovar.job.classes import wire_name
from samovar.job.state import JobState
from samovar.support import ids
from samovar.support.wording import check_options

C = TypeVar("C", bound=Callable[..., Any])
D = TypeVar("D")
P = ParamSpec("P")
#: Called with the job and the error; may be a coroutine function.
Handler = Callable[[Any, BaseException], object]
#: An exception class, or the name of one that may not be imported here.
ErrorName = type[BaseException] | str
Wait = (
    float | timedelta | Literal["polynomially_longer", "exponentially_longer"] | Callable[..., Any]
)

_CURVES = ("polynomially_longer", "exponentially_longer")
#: Where a class keeps its own declarations; parents keep theirs.
_OWN = "_samovar_declarations"


class _Unset:
    """The type of a jitter that was not given."""


_UNSET = _Unset()
_KEYWORD_ONLY, _VAR_KEYWORD = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A `retry_on`: perform again, up to `attempts` runs in total."""

    errors: tuple[ErrorName, ...]
    wait: Wait
    #: Runs in total; None is without end.
    attempts: int | None
    queue: str | None
    priority: int | None
    #: Part of a fixed or growing wait that is added at random; unset is the class's.
    jitter: float | _Unset
    #: Whether each retry is announced as `error.reported`.
    report: bool
    #: Called with the job and the error when the attempts are used up.
    exhausted: Handler | None

    @property
    def key(self) -> str:
        """How Active Job counts this declaration's failures: Ruby's text of its error list."""
        return f"[{', '.join(_in_ruby(error) for error in self.errors)}]"

    #: Where it was written: a file and a line.
    where: Place = field(compare=False)

    def __call__(self, cls: C) -> C:
        return _declare(cls, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A `discard_on`: drop the job."""

    errors: tuple[ErrorName, ...]
    #: Whether it is announced as `error.reported`.
    report: bool
    #: Called with the job and the error.
    then: Handler | None

    #: Where it was written: a file and a line.
    where: Place = field(compare=False)

    def __call__(self, cls: C) -> C:
        return _declare(cls, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """A `rescue_from`: let a handler deal with the error."""

    errors: tuple[ErrorName, ...]
    #: A function of the job and the error, or the name of a method that takes the error.
    handler: Handler | str
    #: Where it was written: a file and a line.
    where: Place = field(compare=False)

    def __call__(self, cls: C) -> C:
        target = _class_of(cls, self)
        is_name, is_job = isinstance(self.handler, str), issubclass(target, JobState)
        if is_name and is_job and not hasattr(target, str(self.handler)):
            raise ArgumentError(
                f"rescue_from: {target.__name__} has no method named {self.handler!r}."
            )
        return _declare(cls, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterDiscard:
    """An `after_discard`: called when a job is given up, whatever the reason."""

    handler: Handler

    def __call__(self, cls: C) -> C:
        return _declare(cls, self)


Declaration = Retry | Discard | Rescue


def _named_options(function: Callable[P, D]) -> Callable[P, D]:
    """Decorates a declaration: the error for an unknown option suggests the nearest known one."""
    known = [name for name in inspect.signature(function).parameters if name != "errors"]

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> D:
        check_options(function.__name__, kwargs, known)
        return function(*args, **kwargs)

    return checked


@_named_options
def retry_on(
    *errors: ErrorName,
    wait: Wait = 3,
    attempts: int | Literal["unlimited"] = 5,
    queue: str | None = None,
    priority: int | None = None,
    jitter: float | _Unset | None = _UNSET,
    report: bool = False,
    exhausted: Handler | None = None,
) -> Retry:
    """Perform the job again after one of these errors.

    `wait` is seconds, a timedelta, ``"polynomially_longer"`` or a callable of the number of
    executions, and of the error if it has a second parameter without a default, or one named
    `error`. `attempts` counts the first run too. `jitter` adds up to that part of a fixed or
    growing wait; None is none, unset is the class's `retry_jitter`. Without `exhausted`, the last
    error leaves the job.

    Raises:
        ArgumentError: a value is of no use.
    """
    _check_errors("retry_on", errors)
    _check_wait(wait)
    if attempts != "unlimited" and (type(attempts) is not int or attempts < 1):
        raise ArgumentError(
            f"retry_on: attempts is {attempts!r}; expected a number from 1 up, or 'unlimited'."
        )
    if not isinstance(jitter, _Unset):
        _check_jitter(jitter)
    _check_callable("retry_on: exhausted", exhausted)
    return Retry(
        errors=errors,
        wait=wait,
        attempts=None if attempts == "unlimited" else attempts,
        queue=queue,
        priority=priority,
        jitter=0.0 if jitter is None else jitter,
        report=report,
        exhausted=exhausted,
        where=users_place(),
    )


@_named_options
def discard_on(*errors: ErrorName, report: bool = False, then: Handler | None = None) -> Discard:
    """Drop the job after one of these errors.

    Raises:
        ArgumentError: a value is of no use.
    """
    _check_errors("discard_on", errors)
    _check_callable("discard_on: then", then)
    return Discard(errors=errors, report=report, then=then, where=users_place())


@_named_options
def rescue_from(*errors: ErrorName, with_: Handler | str) -> Rescue:
    """Let `with_` deal with one of these errors: a function of the job and the error, or the
    name of a method that takes the error. When it returns, the error is dealt with.

    Raises:
        ArgumentError: a value is of no use.
    """
    _check_errors("rescue_from", errors)
    if not callable(with_) and not isinstance(with_, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
        raise ArgumentError(
            f"rescue_from: with_ is {with_!r}; expected a function of the job and the error, or "
            f"the name of a method that takes the error."
        )
    return Rescue(errors=errors, handler=with_, where=users_place())


def after_discard(handler: Handler) -> AfterDiscard:
    """Call a function with the job and the error when the job is given up: discarded, out of
    attempts, or failed with an error that nothing deals with.

    Raises:
        ArgumentError: it cannot be called.
    """
    if not callable(handler):
        raise ArgumentError(f"after_discard: {handler!r} is no function of the job and the error.")
    return AfterDiscard(handler=handler)


def discard_handlers(cls: type) -> list[Handler]:
    """What `after_discard` declared, the parents' first, each class's from the top down."""
    classes = [parent.__dict__.get(_OWN, ()) for parent in reversed(cls.__mro__)]
    return [one.handler for own in classes for one in own if isinstance(one, AfterDiscard)]


def delay_seconds(retry: Retry, executions: int, error: BaseException, jitter: float) -> float:
    """How long to wait before the next run; `executions` is this declaration's own count."""
    if callable(retry.wait):
        return _seconds(_call_wait(retry.wait, executions, error))
    share = jitter if isinstance(retry.jitter, _Unset) else retry.jitter
    base = float(executions**4) if retry.wait in _CURVES else _seconds(retry.wait)
    rest = 2.0 if retry.wait in _CURVES else 0.0
    return base + ids.random() * base * share + rest if share else base + rest


def _declare(decorated: C, declaration: Declaration | AfterDiscard) -> C:
    cls = _class_of(decorated, declaration)
    if not isinstance(declaration, AfterDiscard):
        _point_out_dead_ones(cls, declaration)
    # Decorators run from the bottom up, so what comes later stands higher: it goes to the front.
    setattr(cls, _OWN, (declaration, *cls.__dict__.get(_OWN, ())))
    return decorated


def _point_out_dead_ones(cls: type, upper: Declaration) -> None:
    """Warn of a declaration of this class whose errors the one above it matches all: it is asked in
    vain. What a parent declares may be overridden so.
    """
    for lower in cls.__dict__.get(_OWN, ()):
        if isinstance(lower, AfterDiscard):
            continue
        dead = [error for error in lower.errors if _covers(upper, error)]
        if dead:
            warnings.warn(
                f"{cls.__name__}: {_shown(lower)} never sees {_names(dead)}, for {_shown(upper)} "
                f"stands above it and is asked first. Put the specific one on top, as with except "
                f"clauses (in Rails it is the last one that is asked first).",
                stacklevel=users_level(),
            )


def _covers(upper: Declaration, error: ErrorName) -> bool:
    """Whether it names a broader class; the same class twice is plain to see."""
    kinds = [wanted for wanted in upper.errors if isinstance(wanted, type) and wanted is not error]
    return isinstance(error, type) and issubclass(error, tuple(kinds))


def _shown(declaration: Declaration) -> str:
    file, line = declaration.where
    verb = _VERBS[type(declaration)][0]
    return f"{verb}({_names(declaration.errors)}) in {file}:{line}"


def _names(errors: Sequence[ErrorName]) -> str:
    return ", ".join(error if isinstance(error, str) else error.__name__ for error in errors)


def _class_of(decorated: object, declaration: Declaration | AfterDiscard) -> type:
    """A class itself (also one to inherit from that is no job), or that of a `@job` function."""
    cls = decorated if isinstance(decorated, type) else getattr(decorated, "job_class", None)
    if isinstance(cls, type):
        return cls
    verb, option = _VERBS[type(declaration)]
    instead = f", or pass @job({option}={verb}(...))" if option else ""
    raise ArgumentError(
        f"{verb} decorates a job class, or a function that @job has made a job of, found "
        f"{decorated!r}; put it above @job{instead}."
    )


#: How users write a declaration, and the option of `@job` that takes it.
_VERBS: dict[type, tuple[str, str]] = {
    Retry: ("retry_on", "retry"),
    Discard: ("discard_on", "discard"),
    Rescue: ("rescue_from", ""),
    AfterDiscard: ("after_discard", ""),
}


def declared(cls: type) -> Iterator[Declaration | AfterDiscard]:
    """What a class and its parents declare, in the order in which it is tried."""
    for parent in cls.__mro__:
        yield from parent.__dict__.get(_OWN, ())


def _call_wait(wait: Callable[..., Any], executions: int, error: BaseException) -> Any:
    try:
        parameters = list(inspect.signature(wait).parameters.values())
    except (TypeError, ValueError):  # it is built in and does not say
        return wait(executions)
    return wait(executions, error) if _asks_for_error(parameters) else wait(executions)


def _asks_for_error(parameters: Sequence[inspect.Parameter]) -> bool:
    """A second parameter with a default is the user's own, as in `lambda n, base=5: n * base`,
    unless it is called `error`.
    """
    if any(one.kind is one.VAR_POSITIONAL for one in parameters[:2]):
        return True
    if len(parameters) < 2 or parameters[1].kind in (_KEYWORD_ONLY, _VAR_KEYWORD):
        return False
    second = parameters[1]
    return second.default is second.empty or second.name == "error"


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value or 0)


def _in_ruby(error: ErrorName) -> str:
    return f'"{error}"' if isinstance(error, str) else wire_name(error)


def _check_wait(wait: Any) -> None:
    if isinstance(wait, str) or callable(wait):
        is_fit = wait in _CURVES or callable(wait)
    elif isinstance(wait, timedelta):
        is_fit = wait >= timedelta(0)
    else:
        is_fit = _is_amount(wait)
    if not is_fit:
        raise ArgumentError(
            f"retry_on: wait is {wait!r}; expected seconds or a timedelta, from 0 up, "
            f"'polynomially_longer' or a callable."
        )


def _check_jitter(jitter: Any) -> None:
    if jitter is not None and not _is_amount(jitter):
        raise ArgumentError(
            f"retry_on: jitter is {jitter!r}; expected a number from 0 up, such as 0.15, or None."
        )


def _is_amount(value: Any) -> bool:
    """Whether it is a number from 0 up."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and value >= 0 and math.isfinite(value)


def _check_callable(what: str, handler: Any) -> None:
    if handler is not None and not callable(handler):
        raise ArgumentError(f"{what} is {handler!r}; expected a function of the job and the error.")


def _check_errors(name: str, errors: tuple[Any, ...]) -> None:
    if not errors:
        raise ArgumentError(f"{name} needs at least one exception class.")
    for error in errors:
        is_class = isinstance(error, type) and issubclass(error, BaseException)
        if not is_class and not isinstance(error, str):
            raise ArgumentError(f"{name}: {error!r} is no exception class.")
