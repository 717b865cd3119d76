"""What was current at enqueue is current in the job, and gone behind it (A11, A12, A13)."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

import samovar
from samovar.job import current_attributes
from tests.jobs.errands import Trace, Visit, VisitedJob
from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
from tests.jobs.errands import Trace, Visit

app.job_topic("default", pause=Pause(timeout=0.05, exponential=False))
app.persist(Visit, Trace)
app.persist(Visit)
"""


@pytest.fixture
def visited(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage whose workers and whose test let both classes travel."""
    monkeypatch.setattr(current_attributes, "persisted", [])
    stage.configure(imports=["tests.jobs.errands", "tests.jobs.sample"])
    stage.declare(ROUTES)
    stage.app.persist(Visit, Trace)
    yield stage
    Visit.reset()
    Trace.reset()


def enqueue(number: int, *, fails: bool = False) -> None:
    with Visit.set(user_id=number), Trace.set(request_id=f"r{number}"):
        VisitedJob.perform_later(number, fails=fails)


def test_they_are_seen_in_the_job_and_gone_after_it_and_after_an_error(visited: Stage) -> None:
    """A11 and A13: each class under a key of its own, and one named twice is no other."""
    visited.create(partitions=1)
    visited.configure("worker", concurrency=1)
    enqueue(1, fails=True)
    VisitedJob.perform_later(2)
    enqueue(3)
    eventually(lambda: len(visited.records()) == 3, what="all three are stored")
    data = [samovar.payload.loads(record.value or b"") for record in visited.records()]
    carried = [{k: v for k, v in d.items() if k.startswith("cattr_")} for d in data]
    assert carried[0] == {"cattr_0": {"user_id": 1}, "cattr_1": {"request_id": "r1"}}
    assert carried[1] == {}

    with visited.steady_worker() as worker:
        visited.journal.wait_for("done", 1, 2, 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert visited.journal.notes("seen") == ["1 1 r1", "1 1 r1", "2 None None", "3 3 r3"]


def test_jobs_on_several_threads_see_only_their_own(visited: Stage) -> None:
    """A12."""
    visited.create(partitions=8)
    visited.configure("worker", concurrency=8)
    for number in range(200):
        enqueue(number)
        if number % 5 == 0:
            JournalJob.perform_later(1000 + number)

    with visited.steady_worker() as worker:
        visited.journal.wait_for("done", *range(200))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(visited.journal.notes("seen")) == sorted(f"{n} {n} r{n}" for n in range(200))
    assert visited.journal.notes("mixed") == []
