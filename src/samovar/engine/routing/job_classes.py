"""The job classes of an application, and the queues that they name."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.job.job import Job
from samovar.job.state import JOB_CLASSES, JobState


def performable() -> Iterator[tuple[str, type[JobState]]]:
    """Those that can be performed, by name; one without `perform` is there to be inherited."""
    for name, cls in JOB_CLASSES:
        if cls.perform is not Job.perform:
            yield name, cls


def queue_of(cls: type[JobState]) -> str | None:
    """The real name of a class's queue; None when each of its jobs chooses one."""
    chooses = cls.choose_queue is not JobState.choose_queue
    return None if chooses else cls.real_queue(cls.queue_as)


def queues() -> list[str]:
    """Real names of the queues that job classes name, also for jobs that may choose another."""
    return sorted({q for _, cls in performable() if (q := cls.real_queue(cls.queue_as))})
