"""What Rails' continuable jobs, and jobs with attributes, hand to their adapter; ours hand it too.

The calls are real ones of Active Job: tests/golden/active_job.json, ids `cont-` and `attr-`. The
one about a step's name that is no symbol has no meaning here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from samovar import Attributes, Continuable, InvalidStepError, Job, attribute
from samovar.job.job_data import EnqueueRequest, Receipt, dumps, loads
from samovar.support import clock
from samovar.types import Duration, Symbol
from tests.jobs.ruby_models import Person
from tests.support.applications import Recording, application

NOW_NS = 1_768_471_496_123_456_789

VECTORS: dict[str, dict[str, Any]] = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parent / "active_job.json").read_text())["vectors"]
    if vector["id"].startswith(("cont-", "attr-")) and vector["id"] != "cont-string-step"
}


class Capturing(Recording):
    """Keeps payloads after a trip through JSON, as the recorder in Ruby did. What is performed
    from one shares its counters, so the next failure shows in it too."""

    stops: Callable[[Any], object] = staticmethod(lambda _: False)

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        copy = EnqueueRequest(loads(dumps(request.data)), request.due_ns)
        return super().enqueue(copy)

    def stopping(self, job: object = None) -> object:
        return self.stops(job)

    def stop_at(self, current: list[Any]) -> None:
        self.stops = lambda job: job.continuation.to_wire().get("current") == current


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Capturing]:
    monkeypatch.setattr(clock, "now_ns", lambda: NOW_NS)
    numbers = iter(range(1, 100))
    monkeypatch.setattr(
        "samovar.support.ids.uuid4", lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"
    )
    capturing = Capturing()
    with application(queue_adapter="inline", global_id_app="samovar"):
        monkeypatch.setattr(Job, "queue_adapter", capturing)
        yield capturing


class GoldenImpJob(Continuable, Job):
    job_name = "ImpJob"

    def perform(self, n: int) -> None:
        self.step(lambda: None, name="prepare")

        @self.step(start=0)
        def items(step: Any) -> None:
            for i in range(step.cursor, n):
                step.set(i + 1)

        self.step(lambda: None, name="finish")


class GoldenErrJob(Continuable, Job):
    job_name = "ErrJob2"

    def perform(self) -> None:
        @self.step
        def b() -> None:
            raise KeyError("lost")


class GoldenIsoJob(Continuable, Job):
    job_name = "IsoJob"

    def perform(self) -> None:
        self.step(lambda: None, name="a")
        self.step(lambda: None, name="b", isolated=True)
        self.step(lambda: None, name="c")


class GoldenDcJob(Continuable, Job):
    job_name = "DcJob"

    def perform(self) -> None:
        self.step(lambda step: step.advance(), name="days", start=date(2026, 1, 31))


class GoldenRcJob(Continuable, Job):
    job_name = "RcJob"

    def perform(self) -> None:
        cursor = [Person("3"), Symbol("half"), Duration(days=1)]
        self.step(lambda step: step.set(cursor), name="rows")


class GoldenScJob(Continuable, Job):
    job_name = "ScJob"

    def perform(self) -> None:
        self.step(lambda step: step.advance(), name="keys", start="az")


class GoldenDuJob(Continuable, Job):
    job_name = "DuJob"

    def perform(self) -> None:
        self.step(lambda: None, name="one")
        self.step(lambda: None, name="one")


class GoldenNeJob(Continuable, Job):
    job_name = "NeJob"

    def perform(self) -> None:
        self.step(lambda: self.step(lambda: None, name="in") and None, name="out")


class GoldenAtJob(Attributes, Job):
    job_name = "AtJob"

    name: str | None = attribute()
    count: int = attribute(default=0)
    on: bool = attribute(default=True)

    def perform(self, *args: Any) -> None: ...


class GoldenAt2Job(Attributes, Job):
    job_name = "At2Job"

    name: str | None = attribute()
    count: int | None = attribute()
    day: date | None = attribute()
    any: Any = attribute()

    def perform(self, *args: Any) -> None: ...


def fresh(adapter: Capturing) -> Any:
    return GoldenImpJob.perform_later(5)


def interrupt_in_step(adapter: Capturing) -> Any:
    adapter.stop_at(["items", 3])
    return GoldenImpJob.perform_now(5)


def resume_then_interrupt(adapter: Capturing) -> Any:
    adapter.stop_at(["items", 2])
    GoldenImpJob.perform_now(5)
    adapter.stop_at(["items", 4])
    return Job.deserialize(adapter.requests[-1].data).perform_now()


def error_without_progress(adapter: Capturing) -> Any:
    with pytest.raises(KeyError, match="lost"):
        GoldenErrJob.perform_now()


def isolated(adapter: Capturing) -> Any:
    return GoldenIsoJob.perform_now()


def stopped(job_class: type[Job]) -> Callable[[Capturing], Any]:
    def perform(adapter: Capturing) -> Any:
        adapter.stops = lambda _: True
        return job_class.perform_now()

    return perform


def refused(job_class: type[Job]) -> Callable[[Capturing], Any]:
    def perform(adapter: Capturing) -> Any:
        with pytest.raises(InvalidStepError):
            job_class.perform_now()

    return perform


def attributes_by_default(adapter: Capturing) -> Any:
    return GoldenAtJob.perform_later(1)


def attributes_that_were_set(adapter: Capturing) -> Any:
    job: Any = GoldenAt2Job()
    job.name, job.count, job.day, job.any = "n", "42", "2026-02-03", Symbol("sym")
    return job.enqueue()


FLOWS: dict[str, Callable[[Capturing], Any]] = {
    "cont-fresh": fresh,
    "cont-interrupt-in-step": interrupt_in_step,
    "cont-resume-then-interrupt": resume_then_interrupt,
    "cont-error-without-progress": error_without_progress,
    "cont-isolated": isolated,
    "cont-date-cursor": stopped(GoldenDcJob),
    "cont-record-cursor": stopped(GoldenRcJob),
    "cont-string-succ": stopped(GoldenScJob),
    "cont-duplicate-step": refused(GoldenDuJob),
    "cont-nested-step": refused(GoldenNeJob),
    "attr-defaults": attributes_by_default,
    "attr-set": attributes_that_were_set,
}


def in_words_of_python(text: str) -> str:
    """Rails counts interruptions under the inspected cursor; only here does ours read otherwise."""
    return text.replace("[#<Person 3>, :half, 1 day]", "[Person(id='3'), :half, Duration(days=1)]")


@pytest.mark.parametrize("name", VECTORS)
def test_the_adapter_is_handed_what_rails_hands_to_its_own(name: str, adapter: Capturing) -> None:
    returned = FLOWS[name](adapter)

    expected = VECTORS[name]["calls"]
    assert [request.due_ns is not None for request in adapter.requests] == [
        call["via"] == "enqueue_at" for call in expected
    ]
    assert [json.dumps(request.data) for request in adapter.requests] == [
        in_words_of_python(json.dumps(call["payload"])) for call in expected
    ]
    if VECTORS[name]["result"].get("returned") == "nil":
        assert returned is None
        waits = [request.due_ns - NOW_NS for request in adapter.requests if request.due_ns]
        assert set(waits) == {timedelta(seconds=5) // timedelta(microseconds=1) * 1000}
