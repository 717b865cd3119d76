"""A payload becomes a job, and the job is performed: what every worker calls."""

from __future__ import annotations

from contextvars import ContextVar

from samovar import events
from samovar.errors import PayloadError
from samovar.job import current_attributes, execution
from samovar.job.job_data import JobData, loads
from samovar.job.outcome import Failed, GivenUp, Outcome, Poison
from samovar.job.state import JobState
from samovar.support import wording
from samovar.support.tenure import TENURE

#: The surroundings of a job when no class of theirs travels.
_NOTHING: JobData = {}
#: How often the job was performed in vain already, where it is tried again in its place.
REPEATS: ContextVar[int] = ContextVar("samovar_repeats", default=0)


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


def perform(value: bytes | None, message: object = None) -> Outcome:
    """Perform the job that a record's payload stands for. With its `message`, events say when the
    job begins and ends.
    """
    try:
        job = JobState.from_payload(value)
        job.tenure = TENURE.get()
        job.executions += REPEATS.get()
        surroundings = loads(value) if current_attributes.persisted else _NOTHING
    except PayloadError as error:
        return Poison(error)
    except BaseException as error:
        return Failed(error)
    try:
        if message is None:
            execution.deliver(job, surroundings)
        else:
            _deliver_watched(job, surroundings, message)
    except BaseException as error:
        return GivenUp(error) if isinstance(job.job_outcome, GivenUp) else Failed(error)
    return job.job_outcome


def _deliver_watched(job: JobState, surroundings: JobData, message: object) -> None:
    events.announce("active_job.consume", job=job, message=message)
    with events.instrument("active_job.consumed", job=job, message=message):
        execution.deliver(job, surroundings)
