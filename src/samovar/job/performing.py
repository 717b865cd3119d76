"""A record becomes a job, and the job is performed."""

from __future__ import annotations

from contextvars import ContextVar

from samovar import events
from samovar.errors import PayloadError, SamovarError
from samovar.job import current_attributes, execution
from samovar.job.job_data import JobData, loads
from samovar.job.state import JobState
from samovar.support import wording
from samovar.support.tenure import TENURE

#: The surroundings of a job when no class of theirs travels.
_NOTHING: JobData = {}


#: How often the job was performed in vain already, where it is tried again in its place.
REPEATS: ContextVar[int] = ContextVar("samovar_repeats", default=0)


class PoisonError(SamovarError):
    """The record is no job that this process knows: trying it again cannot help."""


class GivenUpError(SamovarError):
    """The attempts that the job's class allows are used up: its own error is the cause."""


def describe(value: bytes | None) -> str:
    """The job that a payload stands for, in words; for what is told after it failed."""
    try:
        data = loads(value)
    except PayloadError:
        return "A record that is no job"
    if "job_class" not in data:
        return "A record that is no job"
    # Anybody may have written it, and it goes into logs.
    name, job_id = (wording.printable(str(data.get(key)), 100) for key in ("job_class", "job_id"))
    return f"{name} ({job_id})"


def perform(value: bytes | None, message: object = None) -> None:
    """Perform the job that a record's payload stands for; with its `message`, tell of it.

    Raises:
        PoisonError: it stands for none.
        GivenUpError: a `retry_on` has tried it as often as it may.
        Exception: whatever else left the job.
    """
    try:
        job = JobState.from_payload(value)
        job.tenure = TENURE.get()
        job.executions += REPEATS.get()
        surroundings = loads(value) if current_attributes.persisted else _NOTHING
    except PayloadError as error:
        raise PoisonError(str(error)) from error
    try:
        if message is None:
            execution.deliver(job, surroundings)
        else:
            _deliver_watched(job, surroundings, message)
    except Exception as error:
        if job.is_given_up:
            raise GivenUpError(wording.message(error)) from error
        raise


def _deliver_watched(job: JobState, surroundings: JobData, message: object) -> None:
    events.announce("active_job.consume", job=job, message=message)
    with events.instrument("active_job.consumed", job=job, message=message):
        execution.deliver(job, surroundings)
