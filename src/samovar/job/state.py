"""What a job carries: its attributes, its queue and priority, and its form on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NoReturn, ParamSpec, Self

from samovar.errors import ArgumentError, EnqueueError, PayloadError
from samovar.job import arguments as wire
from samovar.job import callbacks, checked_data, runtime
from samovar.job.checked_data import CheckedData
from samovar.job.class_checks import check_class
from samovar.job.context import LOCALE, TIMEZONE
from samovar.job.foreign_verbs import hint_at_ours
from samovar.job.hashes import bare
from samovar.job.job_data import JobData, loads
from samovar.job.outcome import DONE, Outcome
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.settings import check_queue
from samovar.job.verbs import Performs
from samovar.support import clock, home, ids
from samovar.support.names import ClassNames
from samovar.support.tenure import TENURE, Tenure

P = ParamSpec("P")
#: Given a job, what `EnqueueRequest.hints` shall be.
HintMaker = Callable[[Any], Mapping[str, Any]]


class JobState:
    """The part of a job that its neighbours work on; users subclass `Job`."""

    #: The logical name of the queue; None is the application's default queue.
    queue_as: ClassVar[str | None] = None
    #: What goes before the real names of its queues; None is the application's setting.
    queue_name_prefix: ClassVar[str | None] = None
    #: What stands between prefix and name; None is the application's setting.
    queue_name_delimiter: ClassVar[str | None] = None
    #: The smallest number goes first, where the backend has priorities.
    priority: int | None = None
    #: An adapter of its own: a name, an object, or None for the application's.
    queue_adapter: ClassVar[str | QueueAdapter | None] = None
    #: The name on the wire; the class's own name unless it says otherwise.
    job_name: ClassVar[str] = ""

    #: Part of a retry's wait that is left to chance; None is the application's setting.
    retry_jitter: ClassVar[float | None] = None
    #: Whether log lines may show this class's arguments; None is the application's setting.
    log_arguments: ClassVar[bool | None] = None
    #: Whether to wait for open database transactions; None is the application's setting.
    enqueue_after_transaction_commit: ClassVar[bool | None] = None
    #: What runs around enqueuing and performing, worked out by `callbacks.settle`.
    enqueue_callbacks: ClassVar[tuple[callbacks.Callback, ...]] = ()
    perform_callbacks: ClassVar[tuple[callbacks.Callback, ...]] = ()
    #: A `perform`, and the shapes of calls that it is known to take; kept by `call_checks`.
    known_calls: ClassVar[tuple[Any, set[Any]]] = (None, set())
    #: Makes an enqueued job's hints for its backend, such as a partition key; engines set it.
    make_hints: ClassVar[HintMaker | None] = None

    #: A UUID, the same through every retry.
    job_id: str
    #: The backend's identifier of this job, once it has one.
    provider_job_id: Any = None
    #: How many runs have started, those among them that were tried again in their place.
    executions: int = 0
    #: Failures counted by each `retry_on`, under Ruby's text of its error list.
    exception_executions: dict[str, int] | None
    #: When it was enqueued; None until a payload says so.
    enqueued_at: datetime | None = None
    #: The locale to perform it in; None is the one where it is enqueued.
    locale: str | None = None
    #: The name of the time zone to perform it in; None is the process's own.
    timezone: str | None = None
    #: None before the first attempt.
    successfully_enqueued: bool | None = None
    #: Whether a backend has taken it before.
    was_enqueued: bool = False
    #: How this run has ended so far, unless an error leaves it.
    job_outcome: Outcome = DONE
    #: Why it was refused softly at the last attempt.
    enqueue_error: EnqueueError | None = None

    #: The arguments as they came off the wire, until others are assigned: what a retry carries,
    #: whatever `perform` did to the values that were made of them.
    _serialized: list[Any] | None = None
    #: None until they are decoded.
    _arguments: list[Any] | None = None
    _keywords: dict[str, Any]
    #: That of the partition which the job came from, if it did.
    tenure: Tenure | None = None
    #: The payload that the job was made from, if it was: a retry keeps its current attributes.
    origin: Mapping[str, Any] | bytes | None = None
    _queue_name: str | None = None
    #: Whether the queue's name is decided; a payload without one decides on None.
    _queue_settled: bool = False
    #: `scheduled_at` as nanoseconds since the epoch, exactly; None is at once.
    due_ns: int | None = None

    #: A job's work; each class defines its own.
    perform: Callable[..., Any]

    def __init__(self: Performs[P, Any, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        job: Any = self  # whose type serves only to check the arguments against `perform`
        job._arguments = list(args)
        job._keywords = kwargs
        job.job_id = ids.uuid4()
        job.exception_executions = {}
        job.timezone = TIMEZONE.get()
        if job.__class__.choose_priority is not JobState.choose_priority:
            job.priority = job.choose_priority()

    def __init_subclass__(cls, *, registered: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        callbacks.settle(cls)
        if not registered:
            return
        home.settle(cls.__module__)
        check_class(cls)
        if "job_name" not in cls.__dict__:
            cls.job_name = cls.__name__
        cls.job_name = bare(cls.job_name)
        JOB_CLASSES.register(cls.job_name, cls)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.job_id} on {self.queue_name!r}>"

    @property
    def is_revoked(self) -> bool:
        """Whether the partition that this job came from is on its way to another worker, or there:
        unless the job ends within the grace, it is performed again. For jobs of any other backend
        it is False.
        """
        tenure = self.tenure or TENURE.get()
        return tenure is not None and tenure.is_ending

    @property
    def itself(self) -> Self:
        """The job; a foothold for the types of the verbs."""
        return self

    def choose_queue(self) -> str | None:
        """The logical queue of this very job; override to decide from `self.arguments`."""
        return type(self).queue_as

    def choose_priority(self) -> int | None:
        """The priority of this very job; override to decide from `self.arguments`."""
        return type(self).priority

    @classmethod
    def real_queue(cls, name: str | None) -> str:
        """The queue that the backend knows, for the name used in code; None is the default one."""
        settings = runtime.current().job_settings
        if name is None:
            name = settings.default_queue_name
        return settings.real_queue(name, cls.queue_name_prefix, cls.queue_name_delimiter)

    @property
    def arguments(self) -> list[Any]:
        """Positional arguments; decoded when first read."""
        return self.decode_arguments()[0]

    @arguments.setter
    def arguments(self, values: list[Any]) -> None:
        if self._serialized is not None:
            _, self._keywords = wire.deserialize(self._serialized[-1:])
            self._serialized = None
        self._arguments = values

    @property
    def keyword_arguments(self) -> dict[str, Any]:
        """Keyword arguments; decoded when first read."""
        return self.decode_arguments()[1]

    @keyword_arguments.setter
    def keyword_arguments(self, values: dict[str, Any]) -> None:
        if self._serialized is not None:
            self._arguments, _ = wire.deserialize(self._serialized)
            self._serialized = None
        self._keywords = values

    def decode_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments; decodes what came off the wire, once.

        Raises:
            DeserializationError: it cannot be rebuilt.
        """
        if self._arguments is None:
            if self._serialized is None:
                raise self._never_initialized()
            self._arguments, self._keywords = wire.deserialize(self._serialized)
        return self._arguments, self._keywords

    @property
    def queue_name(self) -> str | None:
        """The real name of the queue, prefix included."""
        if not self._queue_settled:
            chosen = self.choose_queue()
            if chosen is not type(self).queue_as and chosen is not None:
                check_queue(chosen, f"{type(self).__name__}.choose_queue()")
            self._queue_name = self.real_queue(chosen)
            self._queue_settled = True
        return self._queue_name

    @queue_name.setter
    def queue_name(self, value: str | None) -> None:
        self._queue_name = value
        self._queue_settled = True

    @property
    def scheduled_at(self) -> datetime | None:
        """When it may be performed; None is at once."""
        return None if self.due_ns is None else clock.from_ns(self.due_ns)

    @scheduled_at.setter
    def scheduled_at(self, value: datetime | None) -> None:
        self.due_ns = None if value is None else clock.to_ns(value)

    def serialize(self) -> JobData:
        """The job as Active Job's hash: twelve keys, in order, with JSON values only.

        Arguments that came off the wire go back as they came, unless others were assigned.

        Raises:
            SerializationError: an argument has no form on the wire.
        """
        queue_name = self._queue_name or self.queue_name
        if self._serialized is None:
            if self._arguments is None:
                raise self._never_initialized()
            values = wire.serialize(self._arguments, self._keywords, queue_name)
        else:
            values = self._serialized
        priority = self.priority
        return {
            "job_class": type(self).job_name,
            "job_id": self.job_id,
            "provider_job_id": self.provider_job_id,
            "queue_name": queue_name,
            "priority": runtime.current().job_settings.default_priority
            if priority is None
            else priority,
            "arguments": values,
            "executions": self.executions,
            "exception_executions": self.exception_executions,
            "locale": self.locale or LOCALE.get(),
            "timezone": self.timezone,
            "enqueued_at": clock.utc_text(clock.now_ns()),
            "scheduled_at": None if self.due_ns is None else clock.utc_text(self.due_ns),
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take the attributes from a job hash; keys it lacks become None, unknown ones are left.

        Raises:
            PayloadError: a value is of no use, or `arguments` are missing; names the key.
        """
        self._take(checked_data.check(data))
        self.origin = data

    def _take(self, data: CheckedData) -> None:
        self._serialized = data.arguments
        self.job_id = data.job_id
        self.provider_job_id = data.provider_job_id
        self._queue_name = data.queue_name
        self._queue_settled = True
        self.priority = data.priority
        self.executions = data.executions
        self.exception_executions = data.exception_executions
        locale, timezone = data.locale, data.timezone
        self.locale = LOCALE.get() if locale is None else locale
        self.timezone = TIMEZONE.get() if timezone is None else timezone
        if data.enqueued_at is not None:
            self.enqueued_at = checked_data.moment("enqueued_at", data.enqueued_at)
        if data.scheduled_at is not None:
            self.due_ns = checked_data.instant("scheduled_at", data.scheduled_at)

    def _never_initialized(self) -> ArgumentError:
        name = type(self).__name__
        return ArgumentError(
            f"{name}.__init__ does not call super().__init__(...) with the arguments of perform. "
            f"Call it, or do without __init__: a worker makes its jobs without calling it."
        )

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> JobState:
        """The job that a hash stands for, of the class registered under its `job_class`.

        Arguments are decoded when first read.

        Raises:
            UnknownJobClassError: no imported class bears that name.
            PayloadError: a value in the hash is of no use.
        """
        job_class = JOB_CLASSES.find(data.get("job_class"))
        job = job_class.__new__(job_class)
        job.restore(data)
        return job

    @staticmethod
    def from_payload(raw: bytes | None) -> JobState:
        """The job that a record's bytes stand for: `deserialize`, but a class without a `restore`
        of its own takes what was read from the bytes, and no hash is made.

        Bytes without `arguments` are no job. A hash without them has none, as in Rails.

        Raises:
            UnknownJobClassError: no imported class bears its name.
            PayloadError: it is no JSON object, has no arguments, or a value in it is of no use.
        """
        data = checked_data.read(raw)
        if data is not None:
            job_class = JOB_CLASSES.find(data.job_class)
            if job_class.restore is JobState.restore:
                job = job_class.__new__(job_class)
                job._take(data)
                job.origin = raw
                return job
        return JobState.from_decoded(loads(raw))

    @staticmethod
    def from_decoded(found: JobData) -> JobState:
        """`from_payload`, with its errors, for bytes that `loads` has decoded."""
        if found.get("arguments") is None and "job_class" in found:
            raise PayloadError("arguments are missing, and so this is no job; expected a list.")
        return JobState.deserialize(found)


class _NoSteps:
    """What stands where a job in steps has `step`: says what is missing."""

    def __get__(self, job: JobState | None, owner: type) -> NoReturn:
        raise AttributeError(
            f"{owner.__name__} has no 'step': to write perform in steps, inherit "
            f"samovar.Continuable too: class {owner.__name__}(Continuable, ...).",
            name="step",
            obj=owner if job is None else job,
        )


hint_at_ours(JobState)
# Set from outside, so that to type checkers a plain job has no steps at all.
JobState.step = _NoSteps()  # type: ignore[attr-defined]

#: Every job class that was imported, by its name on the wire.
JOB_CLASSES: ClassNames[JobState] = ClassNames()
