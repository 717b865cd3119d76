"""What a job carries: its attributes, its queue and priority, and its form on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from samovar.errors import EnqueueError, PayloadError
from samovar.job import arguments as wire
from samovar.job import runtime
from samovar.job.context import LOCALE, TIMEZONE
from samovar.job.job_data import JobData
from samovar.job.queue_adapter import QueueAdapter
from samovar.support import clock, ids
from samovar.support.names import ClassNames


class JobState:
    """The part of a job that its neighbours work on; users subclass `Job`."""

    #: The logical name of the queue; None is the application's default queue.
    queue_as: ClassVar[str | None] = None
    #: The smallest number goes first, where the backend has priorities.
    priority: int | None = None
    #: An adapter of its own: a name, an object, or None for the application's.
    queue_adapter: ClassVar[str | QueueAdapter | None] = None
    #: The name on the wire; the class's own name unless it says otherwise.
    job_name: ClassVar[str] = ""

    job_id: str
    #: The backend's identifier of this job, once it has one.
    provider_job_id: Any = None
    #: How many runs have started.
    executions: int = 0
    #: Failures counted by each `retry_on`, under Ruby's text of its error list.
    exception_executions: dict[str, int] | None
    #: When it was enqueued; None until a payload says so.
    enqueued_at: datetime | None = None
    locale: str | None = None
    timezone: str | None = None
    #: None before the first attempt.
    successfully_enqueued: bool | None = None
    enqueue_error: EnqueueError | None = None

    #: The arguments as they came off the wire, until somebody reads them.
    _serialized: list[Any] | None = None
    _arguments: list[Any]
    _keywords: dict[str, Any]
    _queue_name: str | None = None
    #: Whether the queue's name is settled, be it to None by a payload that lacks it.
    _queue_settled: bool = False
    #: `scheduled_at` as nanoseconds since the epoch, exactly; None is at once.
    due_ns: int | None = None

    #: A job's work; each class defines its own.
    perform: Callable[..., Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._arguments = list(args)
        self._keywords = kwargs
        self.job_id = ids.uuid4()
        self.exception_executions = {}
        self.timezone = TIMEZONE.get()
        if type(self).choose_priority is not JobState.choose_priority:
            self.priority = self.choose_priority()

    def __init_subclass__(cls, *, registered: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not registered:
            return
        if "job_name" not in cls.__dict__:
            cls.job_name = cls.__name__
        JOB_CLASSES.register(cls.job_name, cls)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.job_id} on {self.queue_name!r}>"

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

    @property
    def arguments(self) -> list[Any]:
        """Positional arguments; decoded when first read."""
        return self.decode_arguments()[0]

    @arguments.setter
    def arguments(self, values: list[Any]) -> None:
        self.decode_arguments()
        self._arguments = values

    @property
    def keyword_arguments(self) -> dict[str, Any]:
        """Keyword arguments; decoded when first read."""
        return self.decode_arguments()[1]

    @keyword_arguments.setter
    def keyword_arguments(self, values: dict[str, Any]) -> None:
        self.decode_arguments()
        self._keywords = values

    def decode_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments; decodes what came off the wire, once.

        Raises:
            DeserializationError: it cannot be rebuilt.
        """
        if self._serialized is not None:
            self._arguments, self._keywords = wire.deserialize(self._serialized)
            self._serialized = None
        return self._arguments, self._keywords

    @property
    def queue_name(self) -> str | None:
        """The real name of the queue, prefix included."""
        if not self._queue_settled:
            settings = runtime.current().job_settings
            chosen = self.choose_queue()
            self.queue_name = settings.real_queue(
                settings.default_queue_name if chosen is None else chosen
            )
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

        Arguments that came off the wire and were never read go back as they came.

        Raises:
            SerializationError: an argument has no form on the wire.
        """
        if self._serialized is None:
            values = wire.serialize(self._arguments, self._keywords)
        else:
            values = self._serialized
        priority = self.priority
        return {
            "job_class": type(self).job_name,
            "job_id": self.job_id,
            "provider_job_id": self.provider_job_id,
            "queue_name": self._queue_name or self.queue_name,
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
            PayloadError: a value is of no use; names its key.
        """
        try:
            values = data["arguments"]
            self._serialized = values if values.__class__ is list else _no_arguments(values)
            self.job_id = data["job_id"]
            self.provider_job_id = data["provider_job_id"]
            self._queue_name = data["queue_name"]
            self._queue_settled = True
            self.priority = data["priority"]
            executions = data["executions"]
            self.executions = executions if executions.__class__ is int else _count(executions)
            counters = data["exception_executions"]
            self.exception_executions = (
                counters if counters.__class__ is dict else _no_counters(counters)
            )
            self.locale = data["locale"] or LOCALE.get()
            self.timezone = data["timezone"] or TIMEZONE.get()
            enqueued_at, scheduled_at = data["enqueued_at"], data["scheduled_at"]
        except KeyError:
            return self.restore({**_NOTHING, **data})
        if enqueued_at is not None:
            self.enqueued_at = _moment("enqueued_at", enqueued_at)
        if scheduled_at is not None:
            self.due_ns = _instant(scheduled_at)
        return None

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


#: Every job class that was imported, by its name on the wire.
JOB_CLASSES: ClassNames[JobState] = ClassNames()

_NO_ARGUMENTS: list[Any] = []
#: Every key that `restore` reads; what a payload lacks is None.
_NOTHING: dict[str, None] = dict.fromkeys(
    (
        "arguments",
        "job_id",
        "provider_job_id",
        "queue_name",
        "priority",
        "executions",
        "exception_executions",
        "locale",
        "timezone",
        "enqueued_at",
        "scheduled_at",
    )
)


def _no_arguments(value: Any) -> list[Any]:
    if value is None:
        return _NO_ARGUMENTS
    raise PayloadError(f"arguments is {value!r:.60}; expected a list.")


def _no_counters(value: Any) -> None:
    if value is not None:
        raise PayloadError(f"exception_executions is {value!r:.60}; expected an object.")


def _count(value: Any) -> int:
    if value is None:
        return 0
    raise PayloadError(f"executions is {value!r}; expected a whole number.")


def _moment(key: str, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise PayloadError(f"{key} is {value!r}; expected an ISO 8601 time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _instant(value: Any) -> int:
    """Nanoseconds since the epoch, with the digits that a datetime cannot hold."""
    moment = clock.to_ns(_moment("scheduled_at", value))
    if isinstance(value, str) and "." in value:
        digits = value.partition(".")[2][:9].rstrip("Zz+-:")
        if digits.isdigit() and len(digits) == 9:
            moment += int(digits[6:])
    return moment
