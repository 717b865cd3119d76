"""Perform recorded jobs: those of a block as they come, or those that are stored now."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from samovar.queue_adapters.test import RecordedJob, TestAdapter
from samovar.testing.choosing import Selection


@contextmanager
def performing(adapter: TestAdapter, chosen: Selection) -> Generator[None, None, None]:
    """The chosen jobs of the block are performed as they are enqueued; then all is as before."""
    during = {
        "perform_enqueued_jobs": True,
        "perform_enqueued_at_jobs": True,
        "filter": chosen.only,
        "reject": chosen.reject,
        "queue": chosen.queue,
        "at": chosen.at,
    }
    before = {name: getattr(adapter, name) for name in during}
    vars(adapter).update(during)
    try:
        yield
    finally:
        vars(adapter).update(before)


def taken_out(adapter: TestAdapter, chosen: Selection) -> Generator[RecordedJob, None, None]:
    """The chosen ones of the jobs that are stored now, each taken out when its turn comes."""
    for recorded in [job for job in adapter.enqueued_jobs if chosen.takes(job)]:
        stored = [id(job) for job in adapter.enqueued_jobs]
        if id(recorded) not in stored:
            continue  # a job before it cancelled or performed it
        del adapter.enqueued_jobs[stored.index(id(recorded))]
        yield recorded
