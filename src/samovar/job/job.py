"""class Job: what users subclass; its verbs are each one call into a neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self, cast

from samovar.errors import ArgumentError
from samovar.job import callbacks, enqueuing, execution, verbs
from samovar.job.context import LOCALE
from samovar.job.job_data import JobData
from samovar.job.state import JobState
from samovar.support import asyncs
from samovar.support.wording import check_options

_OPTIONS = ("wait", "wait_until", "queue", "priority")


def _build(cls: type[Job], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
    if args and type(args[0]) is cls:  # perform_later(job): that very job
        return args[0]
    return cls(*args, **kwargs)


def _perform_later(cls: type[Job], /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
    job = _build(cls, args, kwargs)
    return job if enqueuing.enqueue(job) else False


async def _aperform_later(cls: type[Job], /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
    job = _build(cls, args, kwargs)
    return job if await _aenqueue(job) else False


def _perform_now(cls: type[Job], /, *args: Any, **kwargs: Any) -> Any:
    return execution.perform_now(_build(cls, args, kwargs))


async def _aperform_now(cls: type[Job], /, *args: Any, **kwargs: Any) -> Any:
    return await execution.aperform_now(_build(cls, args, kwargs))


def _set_on_class(cls: type[Job], **options: Any) -> _Configured:
    check_options(f"{cls.__name__}.set", options, _OPTIONS)
    return _Configured(cls, options)


def _set_on_job(job: Job, **options: Any) -> Job:
    check_options(f"{type(job).__name__}.set", options, _OPTIONS)
    enqueuing.apply_options(job, **options)
    return job


def _enqueue_job(job: Job, /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
    _take_nothing(job, "perform_later", args, kwargs)
    return job.enqueue()


async def _aenqueue_job(job: Job, /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
    _take_nothing(job, "aperform_later", args, kwargs)
    return job if await _aenqueue(job) else False


def _perform_job(job: Job, /, *args: Any, **kwargs: Any) -> Any:
    _take_nothing(job, "perform_now", args, kwargs)
    return execution.perform_now(job)


async def _aperform_job(job: Job, /, *args: Any, **kwargs: Any) -> Any:
    _take_nothing(job, "aperform_now", args, kwargs)
    return await execution.aperform_now(job)


def _take_nothing(job: Job, verb: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if args or kwargs:
        name = type(job).__name__
        raise TypeError(
            f"{verb}() of a {name} that is made already takes no arguments: it has its own. "
            f"For another job, call {name}.{verb}(...) on the class."
        )


async def _aenqueue(job: Job) -> bool:
    # A framework may keep the locale by thread.
    job.locale = job.locale or LOCALE.get()
    return await asyncs.in_thread(enqueuing.enqueue, job)


class Job(JobState, registered=False):
    """Subclass it and write `perform`.

    ```python
    class ProcessPaymentJob(Job):
        queue_as = "payments"

        def perform(self, order_id: int, method: str) -> None: ...

    ProcessPaymentJob.perform_later(42, "card")
    ProcessPaymentJob.set(wait=timedelta(hours=1)).perform_later(42, "card")
    ProcessPaymentJob.perform_now(42, "card")
    ```
    """

    #: Callbacks from outside: `ProcessPaymentJob.before_perform(fn)`; `fn` takes the job.
    before_enqueue = callbacks.Adder("before", "enqueue")
    around_enqueue = callbacks.Adder("around", "enqueue")
    after_enqueue = callbacks.Adder("after", "enqueue")
    before_perform = callbacks.Adder("before", "perform")
    around_perform = callbacks.Adder("around", "perform")
    after_perform = callbacks.Adder("after", "perform")

    #: Enqueue a job with `perform`'s arguments; the job, or False when a callback halted it or
    #: the adapter refused it softly. To type checkers it is the job or Any: `job.job_id` needs no
    #: question first where nothing halts. Raises WrongArgumentsError for arguments that `perform`
    #: does not take, SerializationError for those without a form.
    perform_later = verbs.LaterVerb(_perform_later, _enqueue_job)
    #: `perform_later` for an event loop.
    aperform_later = verbs.ALaterVerb(_aperform_later, _aenqueue_job)
    #: Perform here, with `perform`'s arguments; its value, False when a callback halted it, or
    #: the error when a declaration of the class dealt with it.
    perform_now = verbs.NowVerb(_perform_now, _perform_job)
    #: `perform_now` for an event loop.
    aperform_now = verbs.ANowVerb(_aperform_now, _aperform_job)
    #: Options for the next job (on the class) or for this one: wait (seconds or a timedelta),
    #: wait_until (an aware datetime), queue, priority.
    set = verbs.SetVerb(_set_on_class, _set_on_job)

    def perform(self, *args: Any, **kwargs: Any) -> Any:
        """The work. A coroutine function runs on the worker's event loop."""
        raise NotImplementedError(f"{type(self).__name__} must define perform.")

    def enqueue(
        self,
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
    ) -> Self | Any:
        """Enqueue this job, also again; the same job id. False as for `perform_later`."""
        enqueuing.apply_options(
            self, wait=wait, wait_until=wait_until, queue=queue, priority=priority
        )
        return self if enqueuing.enqueue(self) else False

    def retry_job(
        self,
        *,
        wait: float | timedelta | None = None,
        wait_until: datetime | None = None,
        queue: str | None = None,
        priority: int | None = None,
        error: BaseException | None = None,
    ) -> bool:
        """Enqueue this job once more from within its `perform`."""
        return execution.retry_job(
            self,
            error=error,
            wait=wait,
            wait_until=wait_until,
            queue=queue,
            priority=priority,
        )

    @classmethod
    def perform_bulk(cls, items: Iterable[Any]) -> list[Self]:
        """Enqueue many jobs of this class in one call.

        Each item is a tuple or list of positional arguments, or a dict with ``arguments``,
        ``keyword_arguments`` and options (``queue``, ``priority``, ``wait``, ``wait_until``).

        Raises:
            ArgumentError: an item is neither, or has an unknown key; nothing was enqueued.
        """
        jobs = [cls._from_item(item) for item in items]
        enqueuing.enqueue_all(jobs)
        return jobs

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> Job:
        """The job that a hash stands for; its arguments are decoded when first read.

        Raises:
            UnknownJobClassError: no imported class bears that name.
            PayloadError: a value in the hash is of no use.
        """
        return cast(Job, super().deserialize(data))

    @classmethod
    def execute(cls, data: JobData) -> Any:
        """Deserialize and perform, retry or discard; raises what nothing handled."""
        return execution.execute(data)

    @classmethod
    def _from_item(cls, item: Any) -> Self:
        if isinstance(item, tuple | list):
            return cls(*cast("list[Any]", item))
        if not isinstance(item, Mapping):
            raise ArgumentError(
                f"perform_bulk takes tuples of arguments or dicts, found {item!r:.80}."
            )
        options = dict(cast("Mapping[str, Any]", item))
        job = cls(*options.pop("arguments", ()), **options.pop("keyword_arguments", {}))
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown:
            raise ArgumentError(
                f"perform_bulk: unknown key {unknown[0]!r}; expected arguments, "
                f"keyword_arguments, {', '.join(_OPTIONS)}."
            )
        enqueuing.apply_options(job, **options)
        return job


class _Configured:
    """A job class with options for its next job."""

    def __init__(self, cls: type[Job], options: dict[str, Any]) -> None:
        self._class = cls
        self._options = options

    def perform_later(self, /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
        return _perform_later(self._class, self._job(args, kwargs))

    async def aperform_later(self, /, *args: Any, **kwargs: Any) -> Job | Literal[False]:
        return await _aperform_later(self._class, self._job(args, kwargs))

    def perform_now(self, /, *args: Any, **kwargs: Any) -> Any:
        return execution.perform_now(self._job(args, kwargs))

    async def aperform_now(self, /, *args: Any, **kwargs: Any) -> Any:
        return await execution.aperform_now(self._job(args, kwargs))

    def _job(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Job:
        job = _build(self._class, args, kwargs)
        enqueuing.apply_options(job, **self._options)
        return job


def perform_all_later(*jobs: JobState | Iterable[JobState]) -> None:
    """Enqueue jobs of any classes, one bulk call per adapter. Always None, as in Rails:
    ask each job's `successfully_enqueued`.

    Raises:
        ArgumentError: something is no job; nothing was enqueued.
    """
    flat: list[JobState] = []
    for item in jobs:
        if isinstance(item, JobState):
            flat.append(item)
        elif isinstance(item, Iterable) and not isinstance(item, type):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
            flat.extend(item)
        else:
            raise _no_job(item)
    for job in flat:
        if not isinstance(job, JobState):  # pyright: ignore[reportUnnecessaryIsInstance] -- users
            raise _no_job(job)
    enqueuing.enqueue_all(flat)


def _no_job(found: Any) -> ArgumentError:
    if isinstance(found, _Configured):
        found, instead = "a class with options", "make the job first, as in MyJob(1).set(wait=5)"
    elif isinstance(found, type):
        found, instead = f"the class {found.__name__}", f"call it: {found.__name__}(...)"
    else:
        found, instead = f"{found!r:.80}", "pass MyJob(1), or my_function.new(1)"
    return ArgumentError(f"perform_all_later takes jobs, found {found}; {instead}.")
