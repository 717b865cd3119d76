"""Records of a log as the jobs that people see."""

from __future__ import annotations

from samovar.broker.port import Record, TopicPartition
from samovar.engine.failing.dead_job import DeadJob, parse_place
from samovar.inspection.values import JobError, JobView, RawJob, Ref, State
from samovar.support.wording import printable


def view(source: TopicPartition, record: Record, state: State) -> JobView:
    """A record in a queue or in a dead letter queue."""
    job = DeadJob(source, record)
    error = JobError()
    if state == "dead":
        trace = job.trace
        error = JobError(
            error_class=printable(trace.get("error_class", "")),
            message=printable(trace.get("error_message", "")),
            traceback=job.traceback,
        )
    return JobView(
        ref=Ref(job.id),
        state=state,
        queue=source.topic,
        description=job.description,
        at=job.failed_at,
        data=job.data,
        raw=RawJob(payload=record.value, key=record.key, headers=record.headers),
        error=error,
    )


def dead_job(seen: JobView) -> DeadJob | None:
    """The dead job that was seen; None if it was no dead job of a log."""
    place = parse_place(seen.ref)
    if place is None or seen.state != "dead":
        return None
    source, offset = place
    raw = seen.raw
    timestamp = int(seen.at.timestamp() * 1000)
    return DeadJob(source, Record(offset, raw.payload, raw.key, raw.headers, timestamp))
