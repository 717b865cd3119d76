"""The test adapter: records jobs for assertions, or performs them at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from samovar.errors import EnqueueError, UnknownJobClassError
from samovar.job import execution, runtime
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps, loads
from samovar.job.state import JOB_CLASSES, JobState
from samovar.support import event_loop

#: A job as it was recorded: its payload, and beside it ``job`` (the class, None if no imported
#: class bears the name), ``args`` (as they travel), ``queue`` (the real name), ``priority``, and
#: for a job that has a time ``at`` (seconds since the epoch).
RecordedJob: TypeAlias = dict[str, Any]

#: Which jobs: of a class, of one of several, or those that a callable says yes to.
Choice: TypeAlias = type[JobState] | Collection[type[JobState]] | Callable[[Any], object]

_EXTRAS = ("job", "args", "queue", "at")


class TestAdapter:
    """Keeps what is enqueued in `enqueued_jobs`, and what it performed in `performed_jobs`.

    Performing goes through the payload, so arguments are copies; errors reach whoever enqueued.
    """

    __test__ = False  # pytest takes it for a class of tests

    name = "test"

    def __init__(self) -> None:
        #: What was stored, in the order it came.
        self.enqueued_jobs: list[RecordedJob] = []
        #: What was performed, in the order it was begun.
        self.performed_jobs: list[RecordedJob] = []
        #: Perform jobs without a time as they are enqueued, instead of storing them.
        self.perform_enqueued_jobs = False
        #: The same for jobs that have a time; nobody waits for it.
        self.perform_enqueued_at_jobs = False
        #: Perform only these jobs; a callable is given the job.
        self.filter: Choice | None = None
        #: Never perform these; a callable is given the job.
        self.reject: Choice | None = None
        #: Perform only jobs of this queue, by its logical or its real name.
        self.queue: str | None = None
        #: Perform no job that is due later: seconds since the epoch.
        self.at: float | None = None
        #: What `stopping` answers, or a callable of the job that gives the answer.
        self.stopping_when: object = False

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Record the job, or perform it.

        Raises:
            SerializationError: the payload has no JSON form.
        """
        recorded = _record(request)
        is_scheduled = "at" in recorded
        performs = self.perform_enqueued_at_jobs if is_scheduled else self.perform_enqueued_jobs
        if performs and self._lets_through(recorded):
            self.perform(recorded)
        else:
            self.enqueued_jobs.append(recorded)
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Record or perform one after the other."""
        return [self._enqueue_softly(request) for request in requests]

    def cancel_scheduled(self, job_id: str) -> bool:
        """Drop a stored job that has a time; whether there was one."""
        for position, recorded in enumerate(self.enqueued_jobs):
            if "at" in recorded and recorded["job_id"] == job_id:
                del self.enqueued_jobs[position]
                return True
        return False

    def stopping(self, job: object = None) -> object:
        """What `stopping_when` says of the job."""
        return self.stopping_when(job) if callable(self.stopping_when) else self.stopping_when

    def close(self, timeout: float) -> int:
        """Nothing is outstanding: recorded jobs were meant to stay here."""
        return 0

    def perform(self, recorded: RecordedJob) -> None:
        """Note a recorded job as performed, and perform it.

        On a running event loop a coroutine job runs on Samovar's own loop, as in a worker, while
        the running one waits.

        Raises:
            Exception: what nothing in the job's class dealt with.
        """
        self.performed_jobs.append(recorded)
        payload = payload_of(recorded)
        if event_loop.inside_loop() and inspect.iscoroutinefunction(
            getattr(recorded["job"], "perform", None)
        ):
            with ThreadPoolExecutor(1, thread_name_prefix="samovar-test") as thread:
                thread.submit(_perform_apart, payload).result()
        else:
            execution.execute(payload)

    def _lets_through(self, recorded: RecordedJob) -> bool:
        def the_job() -> JobState:
            return JobState.deserialize(payload_of(recorded))

        return (
            (self.filter is None or is_chosen(recorded, self.filter, the_job))
            and (self.reject is None or not is_chosen(recorded, self.reject, the_job))
            and (self.queue is None or is_on_queue(recorded, self.queue))
            and (self.at is None or is_due(recorded, self.at))
        )

    def _enqueue_softly(self, request: EnqueueRequest) -> Receipt:
        try:
            return self.enqueue(request)
        except EnqueueError as refusal:
            return Receipt(refusal=refusal)


def _perform_apart(payload: dict[str, Any]) -> None:
    with event_loop.another_loop():  # the caller may be a coroutine job on the shared one
        execution.execute(payload)


def payload_of(recorded: RecordedJob) -> dict[str, Any]:
    """The bare payload of a recorded job; a copy."""
    return loads(dumps({key: value for key, value in recorded.items() if key not in _EXTRAS}))


def is_chosen(recorded: RecordedJob, choice: Choice, subject: Callable[[], object]) -> bool:
    """Whether the job is among those chosen; a callable is asked about `subject()`."""
    if isinstance(choice, type):
        return recorded["job"] is choice
    if callable(choice):
        return bool(choice(subject()))
    return recorded["job"] in choice


def is_on_queue(recorded: RecordedJob, queue: str) -> bool:
    """Whether the job is on this queue, by its logical or its real name."""
    return recorded["queue"] in (queue, runtime.current().job_settings.real_queue(queue))


def is_due(recorded: RecordedJob, at: float) -> bool:
    """Whether the job may be performed at that time; a job without a time always may."""
    return recorded.get("at", at) <= at


def _record(request: EnqueueRequest) -> RecordedJob:
    # Through JSON: the payload shares values with the job, which lives on.
    data = loads(dumps(request.data))
    recorded = {
        **data,
        "job": _class_of(data),
        "args": data.get("arguments"),
        "queue": data.get("queue_name"),
        "priority": data.get("priority"),
    }
    if request.due_ns is not None:
        recorded["at"] = request.due_ns / 1e9
    return recorded


def _class_of(data: dict[str, Any]) -> type[JobState] | None:
    try:
        return JOB_CLASSES.find(data.get("job_class"))
    except UnknownJobClassError:
        return None
