"""class Continuable: jobs in steps, which stop when a worker ends and go on in another run."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Protocol, cast, overload

from samovar.errors import (
    ArgumentError,
    ContinuationError,
    Interrupt,
    PayloadError,
    ResumeLimitError,
    SchedulingNotSupportedError,
)
from samovar.job import execution
from samovar.job.attributes import Attributes
from samovar.job.callbacks import around_perform
from samovar.job.continuation import functions
from samovar.job.continuation.continuation import Continuation
from samovar.job.continuation.step import Step
from samovar.job.job_data import JobData
from samovar.job.outcome import Interrupted
from samovar.support.wording import message

Sync = Callable[[], object] | Callable[[Step], object]
Async = Callable[[], Coroutine[Any, Any, Any]] | Callable[[Step], Coroutine[Any, Any, Any]]

#: Of an error's words, which may be a whole page, so much is a counter's name.
_LONGEST_KEY = 200
_RESUME_OPTIONS = ("wait", "wait_until", "queue", "priority")


class StepDecorator(Protocol):
    """What `self.step(start=...)` gives."""

    @overload
    def __call__(self, function: Async, /) -> Coroutine[Any, Any, None]: ...
    @overload
    def __call__(self, function: Sync, /) -> Awaitable[None]: ...


class Continuable(Attributes, registered=False):
    """Inherit it, beside your job class, to write `perform` in steps.

    ```python
    class ProcessImportJob(Continuable, ApplicationJob):
        resume_options = {"wait": 0}

        def perform(self, import_id: int) -> None:
            self.source = Import.get(import_id)  # outside of steps: in every run

            @self.step  # runs at once, unless an earlier run completed it
            def validate():
                self.source.validate()

            @self.step(start=0)
            def process_records(step):
                for record in self.source.records(start=step.cursor):
                    record.process()
                    step.advance(from_=record.id)

            self.step(self.finalize)
    ```

    A worker that ends lets the job stop at its next checkpoint: before a step, and wherever a
    step sets its cursor. It is enqueued again with what is done, and goes on from there.
    """

    #: How often the job may be resumed; None is without limit.
    max_resumptions: ClassVar[int | None] = None
    #: How the job is enqueued again: wait, wait_until, queue, priority.
    resume_options: ClassVar[Mapping[str, Any]] = {"wait": 5}
    #: Whether an error resumes the job, once the run made progress, before any `retry_on`.
    resume_errors_after_advancing: ClassVar[bool] = True

    #: How many runs went on from an earlier one.
    resumptions: int = 0
    #: The progress as it came off the wire, until the job is performed.
    _serialized_continuation: Any = None
    _continuation: Continuation | None = None

    def __init_subclass__(cls, *, registered: bool = True, **kwargs: Any) -> None:
        _check_options(cls)
        super().__init_subclass__(registered=registered, **kwargs)

    @property
    def continuation(self) -> Continuation:
        """How far the job has come: `completed`, the names of steps, and `current`, the step that
        was begun (with `name` and `cursor`) or None.

        Raises:
            DeserializationError: what came off the wire cannot be read.
        """
        if self._continuation is None:
            self._continuation = Continuation(self, self._serialized_continuation)
            self._serialized_continuation = None
        return self._continuation

    @overload
    def step(
        self, function: Async, /, *, start: Any = None, isolated: bool = False, name: str = ""
    ) -> Coroutine[Any, Any, None]: ...
    @overload
    def step(
        self, function: Sync, /, *, start: Any = None, isolated: bool = False, name: str = ""
    ) -> Awaitable[None]: ...
    @overload
    def step(
        self, function: str, /, *, start: Any = None, isolated: bool = False, name: str = ""
    ) -> Any: ...
    @overload
    def step(
        self, function: None = None, /, *, start: Any = None, isolated: bool = False, name: str = ""
    ) -> StepDecorator: ...
    def step(
        self,
        function: Any = None,
        /,
        *,
        start: Any = None,
        isolated: bool = False,
        name: str = "",
    ) -> Any:
        """Run a function as a step: at once, or for a coroutine function when it is awaited.

        `function` is a function, a method, or a method's name; it takes nothing, or the step.
        Without it this is a decorator. `start` is the cursor's first value. An `isolated` step
        has a run of its own. A step bears its function's name, or `name`, and is known by it to
        the jobs that are on their way.

        Raises:
            InvalidStepError: the step may not come here, or has no name.
            ArgumentError: the function takes other arguments.
            Interrupt: the job shall stop here; let it pass.
        """
        if function is None:
            return partial(self.step, start=start, isolated=isolated, name=name)
        if isinstance(function, str):
            function = getattr(self, function)
        name = name or functions.name_of(function)
        body = functions.body_of(function, name)
        if inspect.iscoroutinefunction(function):
            return self.continuation.pending(name, body, start=start, isolated=isolated)
        self.continuation.run(name, body, start=start, isolated=isolated)
        return _RAN

    def decode_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments; decodes the attributes and the cursor too."""
        if self._continuation is None:
            self.continuation  # noqa: B018 -- so that its errors come where those of arguments do
        return super().decode_arguments()

    def serialize(self) -> JobData:
        """The job hash, with the keys ``attributes``, ``continuation`` and ``resumptions``.

        Raises:
            SerializationError: an argument, an attribute or the cursor has no form on the wire.
        """
        data = super().serialize()
        if self._serialized_continuation is None:
            data["continuation"] = self.continuation.to_wire()
        else:
            data["continuation"] = self._serialized_continuation
        data["resumptions"] = self.resumptions
        return data

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take the job from a hash.

        Raises:
            PayloadError: a value is of no use; names its key.
        """
        self._serialized_continuation = data.get("continuation")
        resumptions = data.get("resumptions")
        if resumptions is not None and type(resumptions) is not int:
            raise PayloadError(f"resumptions is {resumptions!r:.60}; expected a whole number.")
        self.resumptions = resumptions or 0
        super().restore(data)

    @around_perform
    def __go_on(self) -> Generator[None, None, None]:  # mangled: users name their methods freely
        continuation = self.continuation
        continuation.begin()
        if continuation.started:
            self.resumptions += 1
            continuation.announce("resume.active_job", **continuation.event_fields)
        try:
            yield
            continuation.finish()
        except Interrupt as interrupt:
            _resume(self, interrupt)
        except ContinuationError:
            raise
        except Exception as error:
            if not (self.resume_errors_after_advancing and continuation.advanced):
                raise
            _resume(self, error)


def _resume(job: Continuable, cause: BaseException) -> None:
    """Enqueue the job again, with its progress."""
    _count(job, cause)
    limit = job.max_resumptions
    if limit is not None and job.resumptions >= limit:
        raise ResumeLimitError(
            f"{job.job_name} ({job.job_id}) was resumed {limit} times, which is its "
            f"max_resumptions."
        ) from cause
    try:
        taken = execution.retry_job(job, at_once=True, **job.resume_options)
    except SchedulingNotSupportedError as refusal:
        if not (job.resume_options.get("wait") or job.resume_options.get("wait_until")):
            raise
        raise SchedulingNotSupportedError(
            f"{job.job_name} ({job.job_id}) stopped and cannot be enqueued again with "
            f"resume_options = {dict(job.resume_options)!r}: its queue adapter cannot hold a job. "
            f'Set resume_options = {{"wait": 0}} in the class. ({refusal})'
        ) from cause
    if taken:
        job.job_outcome = Interrupted(cause)
    elif job.enqueue_error is not None:
        raise job.enqueue_error from cause


def _count(job: Continuable, cause: BaseException) -> None:
    """As Active Job counts it: under the very words of what stopped the run."""
    if job.exception_executions is not None:
        text = (message(cause) or type(cause).__name__)[:_LONGEST_KEY]
        key = text.encode("utf-8", "backslashreplace").decode()
        before: Any = job.exception_executions.get(key, 0)
        job.exception_executions[key] = (before if type(before) is int else 0) + 1


class _Ran:
    """What a step that ran at once gives: awaiting it is allowed, and does nothing."""

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


_RAN = _Ran()


def _check_options(cls: type[Continuable]) -> None:
    options: Any = cls.resume_options
    limit: Any = cls.max_resumptions
    if not isinstance(options, Mapping):
        raise ArgumentError(f"{cls.__name__}.resume_options is {options!r}; expected a dict.")
    options = cast("Mapping[Any, Any]", options)
    unknown = [key for key in options if key not in _RESUME_OPTIONS]
    if unknown:
        raise ArgumentError(
            f"{cls.__name__}.resume_options: unknown key {unknown[0]!r}; expected "
            f"{', '.join(_RESUME_OPTIONS)}."
        )
    wait = options.get("wait")
    if wait is not None and (
        isinstance(wait, bool) or not isinstance(wait, int | float | timedelta)
    ):
        raise ArgumentError(
            f"{cls.__name__}.resume_options: wait is {wait!r}; expected seconds or a timedelta."
        )
    if limit is not None and (type(limit) is not int or limit < 0):
        raise ArgumentError(
            f"{cls.__name__}.max_resumptions is {limit!r}; expected a number from 0 up, or None."
        )
