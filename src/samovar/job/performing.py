"""A payload becomes a job, and the job is performed: what every worker calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar import events
from samovar.errors import PayloadError
from samovar.job import carrying, execution
from samovar.job.job_data import loads
from samovar.job.outcome import Failed, GivenUp, Outcome, Poison
from samovar.job.state import JobState
from samovar.support import wording
from samovar.support.tenure import Tenure


def describe(value: bytes | None) -> str:
    """The job that a payload stands for, in words; for messages after it failed."""
    try:
        data = loads(value)
    except PayloadError:
        return "A record that is no job"
    if "job_class" not in data:
        return "A record that is no job"
    # Anybody may have written it, and it goes into logs.
    name, job_id = (wording.printable(str(data.get(key)), 100) for key in ("job_class", "job_id"))
    return f"{name} ({job_id})"


def perform(
    value: bytes | None, tenure: Tenure | None = None, repeats: int = 0, message: object = None
) -> Outcome:
    """Perform the job that a payload stands for.

    `tenure` is that of the partition that it comes from. `repeats`: how often the job has failed
    here before, when it is tried again in its place. With its `message`, events say when it begins
    and ends.
    """
    try:
        carried = carrying.decoded(value)
        # A payload is decoded once: by the job, unless more than the job is read from it.
        job = JobState.from_payload(value) if carried is None else JobState.from_decoded(carried)
        # Not out of its context variable: that costs a look-up in a new context for each job.
        job.tenure = tenure
        if repeats:
            job.executions += repeats
    except PayloadError as error:
        return Poison(error)
    except BaseException as error:
        return Failed(error)
    try:
        if message is None:
            execution.deliver(job, carried)
        else:
            _deliver_watched(job, carried, message)
    except BaseException as error:
        return GivenUp(error) if isinstance(job.job_outcome, GivenUp) else Failed(error)
    return job.job_outcome


def _deliver_watched(job: JobState, carried: Mapping[str, Any] | None, message: object) -> None:
    events.announce("active_job.consume", job=job, message=message)
    with events.instrument("active_job.consumed", job=job, message=message):
        execution.deliver(job, carried)
