"""`@job`: a function that is a job, for small things."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from types import new_class
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from samovar.errors import ArgumentError
from samovar.job import callbacks
from samovar.job.foreign_verbs import hint_at_ours
from samovar.job.job import Job
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.retries import Discard, Retry
from samovar.job.verbs import Configured
from samovar.support.wording import check_options

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
D = TypeVar("D", Retry, Discard)

_OPTIONS = ("queue", "priority", "retry", "discard", "name", "adapter", "base")


class _OfItsClass:
    """A callback's adder for the class behind a function."""

    def __init__(self, kind: callbacks.Kind, verb: callbacks.Verb) -> None:
        self._adder = callbacks.Adder(kind, verb)

    def __get__(self, instance: FunctionJob[..., Any], owner: type) -> callbacks.Add:
        return self._adder.__get__(None, instance.job_class)


class FunctionJob(Generic[P, R_co]):
    """What `@job` makes of a function: called, it is the function; its verbs are a job's.

    They take what the function takes, and mean what they mean on a job class.
    """

    #: The class of its jobs: their name, queue and declarations.
    job_class: type[Job]
    __wrapped__: Callable[P, R_co]
    __name__: str
    __qualname__: str

    #: Callbacks from outside: `send_email.before_perform(fn)`; `fn` takes the job.
    before_enqueue = _OfItsClass("before", "enqueue")
    around_enqueue = _OfItsClass("around", "enqueue")
    after_enqueue = _OfItsClass("after", "enqueue")
    before_perform = _OfItsClass("before", "perform")
    around_perform = _OfItsClass("around", "perform")
    after_perform = _OfItsClass("after", "perform")

    def __init__(self, function: Callable[P, R_co], job_class: type[Job]) -> None:
        functools.update_wrapper(self, function)
        self.job_class = job_class

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function: no job, no callbacks."""
        return self.__wrapped__(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__qualname__  # pickled by name, as functions are

    def __repr__(self) -> str:
        return f"<job {self.job_class.job_name!r}>"

    def new(self, /, *args: P.args, **kwargs: P.kwargs) -> Job:
        """A job that is not enqueued yet, as for `perform_all_later`."""
        return self.job_class(*args, **kwargs)

    def perform_later(self, /, *args: P.args, **kwargs: P.kwargs) -> Job | Any:
        """Enqueue; the job, or False when it was refused softly."""
        return self.job_class.perform_later(*args, **kwargs)

    async def aperform_later(self, /, *args: P.args, **kwargs: P.kwargs) -> Job | Any:
        """`perform_later` for an event loop."""
        return await self.job_class.aperform_later(*args, **kwargs)

    @overload
    def perform_now(
        self: FunctionJob[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    def perform_now(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def perform_now(self, /, *args: Any, **kwargs: Any) -> Any:
        """Perform here, as a job: the function's value, or the error that was dealt with."""
        return self.job_class.perform_now(*args, **kwargs)

    @overload
    async def aperform_now(
        self: FunctionJob[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    async def aperform_now(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    async def aperform_now(self, /, *args: Any, **kwargs: Any) -> Any:
        """`perform_now` for an event loop."""
        return await self.job_class.aperform_now(*args, **kwargs)

    @overload
    def set(
        self: FunctionJob[P, Coroutine[Any, Any, T]],
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> Configured[P, T, Job]: ...
    @overload
    def set(
        self,
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> Configured[P, R_co, Job]: ...
    def set(self, **options: Any) -> Any:
        """Options for the next job: wait, wait_until, queue, priority."""
        return self.job_class.set(**options)

    def perform_bulk(self, items: Iterable[Any]) -> list[Job]:
        """Enqueue many in one call; see `Job.perform_bulk`."""
        return self.job_class.perform_bulk(items)


hint_at_ours(FunctionJob)


class Decorator(Protocol):
    """What `job(queue="emails")` gives."""

    def __call__(self, function: Callable[P, R], /) -> FunctionJob[P, R]: ...


@overload
def job(function: Callable[P, R], /) -> FunctionJob[P, R]: ...
@overload
def job(
    function: None = None,
    /,
    *,
    queue: str | None = None,
    priority: int | None = None,
    retry: Retry | Iterable[Retry] = (),
    discard: Discard | Iterable[Discard] = (),
    name: str | None = None,
    adapter: str | QueueAdapter | None = None,
    base: type[Job] = Job,
) -> Decorator: ...
def job(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Decorate a function, plain or coroutine, with a job's verbs.

    ```python
    @job(queue="emails", retry=retry_on(SMTPServerBusy, wait=30))
    def send_email(user_id: int, template: str, **options): ...

    send_email.perform_later(7, "welcome", message="hi")
    send_email(7, "welcome")  # the function itself
    ```

    Options that are not given are those of `base`, a job class to inherit from.

    Args:
        queue: Its logical queue.
        priority: The smallest number goes first, where the backend has priorities.
        retry: One `retry_on(...)`, or several.
        discard: One `discard_on(...)`, or several. Of all that match an error, the most specific
            decides.
        name: The name on the wire; else the function's own.
        adapter: The name of a queue adapter, or one of your own.
        base: A job class, such as the application's, for its callbacks and declarations.

    Raises:
        ArgumentError: it is no function, or an option is of no use.
        TypeError: there is no such option.
        DuplicateJobNameError: another job bears that name.
    """
    check_options("job", options, _OPTIONS)
    if function is None:
        return functools.partial(_make, **options)
    return _make(function, **options)


def _make(
    function: Callable[..., Any],
    /,
    *,
    retry: Retry | Iterable[Retry] = (),
    discard: Discard | Iterable[Discard] = (),
    base: type[Job] = Job,
    queue: str | None = None,
    priority: int | None = None,
    name: str | None = None,
    adapter: str | QueueAdapter | None = None,
) -> FunctionJob[..., Any]:
    _check(function)
    declarations = [*_each("retry", retry, Retry), *_each("discard", discard, Discard)]
    own = {"queue_as": queue, "priority": priority, "job_name": name, "queue_adapter": adapter}
    body = {
        "__module__": function.__module__,
        # Where it is to be found by pickle; the function's own name is the `FunctionJob`'s.
        "__qualname__": f"{function.__qualname__}.job_class",
        "__doc__": function.__doc__,
        "perform": staticmethod(function),
    }
    given = {attribute: value for attribute, value in own.items() if value is not None}
    job_class: type[Job] = new_class(
        function.__name__, (base,), exec_body=lambda attributes: attributes.update(body | given)
    )
    # What is declared last is tried first.
    for declaration in sorted(reversed(declarations), key=_specificity):
        declaration(job_class)
    return FunctionJob(function, job_class)


def _check(function: Any) -> None:
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise ArgumentError(f"@job takes a function that has a name, found {function!r}.")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ArgumentError(
            f"@job: {function.__qualname__} is a generator function; called, it would do nothing."
        )


def _each(option: str, given: D | Iterable[D], kind: type[D]) -> list[D]:
    found = list(given) if isinstance(given, Iterable) else [given]
    for declaration in found:
        if not isinstance(declaration, kind):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
            raise ArgumentError(f"@job: {option} takes {option}_on(...), found {declaration!r}.")
    return found


def _specificity(declaration: Retry | Discard) -> float:
    """How far from `Exception` it stands: more for a subclass than for its parents."""
    return min(
        float("inf") if isinstance(error, str) else len(error.__mro__)
        for error in declaration.errors
    )
