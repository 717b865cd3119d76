"""Jobs are told to stop at a chosen step, by what their `continuation` says.

A stand-in has the attributes that the helpers read of a job's continuation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from samovar import Continuable, Job
from samovar.job.continuation.step import Step
from samovar.testing import JobAssertions


@dataclass
class AtStep:
    name: str
    cursor: Any = None


@dataclass
class Progress:
    completed: list[str] = field(default_factory=list[str])
    current: AtStep | None = None


class SteppedJob(Job):
    continuation: Progress

    def perform(self) -> None: ...


class SteppedSubJob(SteppedJob):
    pass


class SteppedOtherJob(SteppedJob):
    pass


def at(cls: type[SteppedJob], *completed: str, current: AtStep | None = None) -> SteppedJob:
    job = cls()
    job.continuation = Progress([*completed], current)
    return job


def test_during_a_step_at_any_cursor(jobs: JobAssertions) -> None:
    stopping = jobs.queue_adapter.stopping
    with jobs.interrupt_job_during_step(SteppedSubJob, "load"):
        assert stopping(at(SteppedSubJob, current=AtStep("load"))) is True
        assert stopping(at(SteppedSubJob, current=AtStep("load", 7))) is True
        assert not stopping(at(SteppedSubJob, current=AtStep("save")))
        assert not stopping(at(SteppedSubJob, "load"))
        assert not stopping(at(SteppedOtherJob, current=AtStep("load")))
        assert not stopping(None)

    assert not stopping(at(SteppedSubJob, current=AtStep("load")))


def test_during_a_step_at_one_cursor_with_a_reason(jobs: JobAssertions) -> None:
    stopping = jobs.queue_adapter.stopping
    with jobs.interrupt_job_during_step(SteppedJob, "load", cursor=3, reason="deploy"):
        assert stopping(at(SteppedJob, current=AtStep("load", 3))) == "deploy"
        assert not stopping(at(SteppedJob, current=AtStep("load", 4)))


def test_after_a_step(jobs: JobAssertions) -> None:
    stopping = jobs.queue_adapter.stopping
    with jobs.interrupt_job_after_step(SteppedJob, "load", reason="deploy"):
        assert stopping(at(SteppedJob, "check", "load")) == "deploy"
        assert not stopping(at(SteppedJob, "load", "save"))
        assert not stopping(at(SteppedJob, "load", current=AtStep("save")))
        assert not stopping(at(SteppedJob, current=AtStep("load")))
        assert not stopping(at(SteppedJob))


def test_inner_interruptions_give_way_to_outer_ones_again(jobs: JobAssertions) -> None:
    stopping = jobs.queue_adapter.stopping
    there = at(SteppedJob, "load")
    with jobs.interrupt_job_after_step(SteppedJob, "load"):
        with jobs.interrupt_job_after_step(SteppedJob, "other"):
            assert not stopping(there)
        assert stopping(there)


class SteppedImportJob(Continuable, Job):
    seen: ClassVar[list[Any]] = []

    def perform(self) -> None:
        self.step(self.load, start=0)
        self.step(self.finish)

    def load(self, step: Step) -> None:
        while step.cursor < 3:
            self.seen.append(step.cursor)
            step.advance()

    def finish(self) -> None:
        self.seen.append("finished")


def test_a_real_job_is_interrupted_in_a_step_and_goes_on_later(jobs: JobAssertions) -> None:
    SteppedImportJob.seen.clear()
    SteppedImportJob.perform_later()

    with (
        jobs.interrupt_job_during_step(SteppedImportJob, "load", cursor=2),
        jobs.assert_enqueued_jobs(1),
    ):
        assert jobs.perform_enqueued_jobs() == 1
    assert SteppedImportJob.seen == [0, 1]

    with jobs.interrupt_job_after_step(SteppedImportJob, "load"):
        assert jobs.perform_enqueued_jobs() == 1
    assert SteppedImportJob.seen == [0, 1, 2]

    assert jobs.perform_enqueued_jobs() == 1
    assert SteppedImportJob.seen == [0, 1, 2, "finished"]
    jobs.assert_no_enqueued_jobs()
