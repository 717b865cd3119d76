"""The types of a job's verbs: `perform_later` and its kin take exactly what `perform` takes.

A verb is a descriptor: on the class (`ChargeJob.perform_now(42)`) it builds a job from
`perform`'s own parameters; on a job (`job.perform_now()`) it acts on that job. Both pyright
and mypy infer the parameters through `Performs`.

What enqueues gives the job, or False when a `before_enqueue` halted it or the adapter refused it
softly. Few classes have either, so the type is "the job, or Any": a checker knows the job, and asks
nobody to rule out the False before `job.job_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from types import MethodType
from typing import Any, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Performs(Protocol[P, R_co, S_co]):
    """A job class, seen through its `perform`."""

    @property
    def perform(self) -> Callable[P, R_co]: ...
    @property
    def itself(self) -> S_co: ...


class PerformLater(Protocol[P, S_co]):
    """`ChargeJob.perform_later`."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> S_co | Any: ...


class APerformLater(Protocol[P, S_co]):
    """`ChargeJob.aperform_later`."""

    async def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> S_co | Any: ...


class PerformNow(Protocol[P, R_co]):
    """`ChargeJob.perform_now`."""

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class APerformNow(Protocol[P, R_co]):
    """`ChargeJob.aperform_now`."""

    async def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class Configured(Protocol[P, R_co, S_co]):
    """A job class with options for the next job: what `ChargeJob.set(...)` gives."""

    def perform_later(self, /, *args: P.args, **kwargs: P.kwargs) -> S_co | Any: ...
    async def aperform_later(self, /, *args: P.args, **kwargs: P.kwargs) -> S_co | Any: ...
    def perform_now(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    async def aperform_now(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class SetOptions(Protocol[P, R_co, S_co]):
    """`ChargeJob.set`."""

    def __call__(
        self,
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> Configured[P, R_co, S_co]: ...


class SetOnJob(Protocol[S_co]):
    """`job.set`."""

    def __call__(
        self,
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> S_co: ...


class _Verb:
    """Calls one function with the class, another with a job."""

    def __init__(self, on_class: Callable[..., Any], on_job: Callable[..., Any]) -> None:
        self._on_class = on_class
        self._on_job = on_job

    def bind(self, job: object, owner: object) -> Any:
        if job is None:
            return MethodType(self._on_class, owner)
        return MethodType(self._on_job, job)


class LaterVerb(_Verb):
    """The descriptor behind `perform_later`."""

    @overload
    def __get__(self, instance: None, owner: type[Performs[P, R, S]]) -> PerformLater[P, S]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> Callable[[], S | Any]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return self.bind(instance, owner)


class ALaterVerb(_Verb):
    """The descriptor behind `aperform_later`."""

    @overload
    def __get__(self, instance: None, owner: type[Performs[P, R, S]]) -> APerformLater[P, S]: ...
    @overload
    def __get__(
        self, instance: S, owner: type[S]
    ) -> Callable[[], Coroutine[Any, Any, S | Any]]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return self.bind(instance, owner)


class NowVerb(_Verb):
    """The descriptor behind `perform_now`: a coroutine's value, not the coroutine."""

    @overload
    def __get__(
        self, instance: None, owner: type[Performs[P, Coroutine[Any, Any, R], S]]
    ) -> PerformNow[P, R]: ...
    @overload
    def __get__(self, instance: None, owner: type[Performs[P, R, S]]) -> PerformNow[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> Callable[[], Any]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return self.bind(instance, owner)


class ANowVerb(_Verb):
    """The descriptor behind `aperform_now`."""

    @overload
    def __get__(
        self, instance: None, owner: type[Performs[P, Coroutine[Any, Any, R], S]]
    ) -> APerformNow[P, R]: ...
    @overload
    def __get__(self, instance: None, owner: type[Performs[P, R, S]]) -> APerformNow[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> Callable[[], Coroutine[Any, Any, Any]]: ...
    def __get__(self, instance: object, owner: Any) -> Any:
        return self.bind(instance, owner)


class SetVerb(_Verb):
    """The descriptor behind `set`."""

    @overload
    def __get__(
        self, instance: None, owner: type[Performs[P, Coroutine[Any, Any, R], S]]
    ) -> SetOptions[P, R, S]: ...
    @overload
    def __get__(self, instance: None, owner: type[Performs[P, R, S]]) -> SetOptions[P, R, S]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> SetOnJob[S]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self.bind(instance, owner)
