"""What can be asserted of the jobs that a test enqueued and performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Never, cast

from samovar.errors import ArgumentError
from samovar.job import execution, runtime
from samovar.job.function import FunctionJob
from samovar.job.queue_adapter import QueueAdapter
from samovar.job.state import JobState
from samovar.queue_adapters.test import RecordedJob, TestAdapter, payload_of
from samovar.testing import counting, interruptions, matching
from samovar.testing.adapters import adapter_that_records
from samovar.testing.blocks import Checked, MatchedJob, PerformedCount, opens_block
from samovar.testing.choosing import Chosen, class_of, selection
from samovar.testing.matching import Expected
from samovar.testing.messages import MessageHelpers
from samovar.testing.performing import performing, taken_out


class JobAssertions(MessageHelpers):
    """The helpers of `JobTestCase` and of the pytest fixture `jobs`.

    Each works on a block, and without one:

        with jobs.assert_enqueued_jobs(2):     # what the block enqueues
            checkout(order)
        jobs.assert_enqueued_jobs(2)           # what was enqueued so far; checked at once

    `only` and `except_` take a job class or a `@job` function, several of them in a list, or a
    callable. The callable is given what was recorded of a job (see `enqueued_jobs`) or, where it
    chooses what a block performs, the job. `queue` is a logical or a real name.

    All raise ArgumentError when jobs go to an adapter that records none.
    """

    @property
    def queue_adapter(self) -> QueueAdapter:
        """The adapter of this test."""
        return runtime.adapter_for(None)

    @property
    def enqueued_jobs(self) -> list[RecordedJob]:
        """What is stored: payloads, each with ``job`` (the class), ``args`` (as they travel),
        ``queue``, ``priority``, and for a job that has a time ``at`` in seconds since the epoch.
        """
        return adapter_that_records("enqueued_jobs").enqueued_jobs

    @property
    def performed_jobs(self) -> list[RecordedJob]:
        """What was performed by the helpers, in the same form; `perform_now` leaves no trace."""
        return adapter_that_records("performed_jobs").performed_jobs

    def assert_enqueued_jobs(
        self,
        number: int,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
    ) -> Checked:
        """This number of jobs was enqueued, or is by the block."""
        __tracebackhide__ = True
        adapter = adapter_that_records("assert_enqueued_jobs", only)
        chosen = selection(only, except_, queue)
        if opens_block():
            return cast(Checked, counting.enqueued_in_block(adapter, number, chosen))
        counting.check_enqueued(adapter, number, chosen)
        return Checked()

    def assert_no_enqueued_jobs(
        self,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
    ) -> Checked:
        """No job was enqueued, or none is by the block."""
        __tracebackhide__ = True
        return self.assert_enqueued_jobs(0, only=only, except_=except_, queue=queue)

    def assert_performed_jobs(
        self,
        number: int,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
    ) -> Checked:
        """How many jobs were performed. The block form performs what the block enqueues, and the
        filters choose which of it; an error of a job leaves the block.
        """
        __tracebackhide__ = True
        adapter = adapter_that_records("assert_performed_jobs", only)
        if opens_block():
            chosen = selection(only, except_, queue, asks_about_jobs=True)
            return cast(Checked, counting.performed_in_block(adapter, number, chosen))
        counting.check_performed(adapter, number, selection(only, except_, queue))
        return Checked()

    def assert_no_performed_jobs(
        self,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
    ) -> Checked:
        """No job was performed; the block form performs what the block enqueues."""
        __tracebackhide__ = True
        return self.assert_performed_jobs(0, only=only, except_=except_, queue=queue)

    def assert_enqueued_with(
        self,
        *,
        job: type[JobState] | FunctionJob[..., Any] | Callable[[Any], object] | None = None,
        args: Sequence[Any] | Callable[[Any], object] | None = None,
        kwargs: Mapping[str, Any] | Callable[[Any], object] | None = None,
        at: datetime | float | Callable[[Any], object] | None = None,
        queue: str | Callable[[Any], object] | None = None,
        priority: int | Callable[[Any], object] | None = None,
        **unknown: Never,
    ) -> MatchedJob:
        """Some job that is like this was enqueued, or is by the block. Gives that job, a new
        object with decoded arguments.

            with jobs.assert_enqueued_with(job=ProcessPaymentJob, args=[1, "card"]) as job:
                checkout(order)
            assert job.executions == 0

        Args:
            job: The class, or a callable of the class.
            args: The arguments; keyword arguments are a dict at their end.
            kwargs: The keyword arguments; `args` are then the positional ones alone.
            at: The time, within a second: an aware datetime or seconds since the epoch.
            queue: The queue's logical or real name.
            priority: The priority.

        A facet that is a callable is asked about the value.
        """
        __tracebackhide__ = True
        _refuse("assert_enqueued_with", unknown)
        expected = Expected(
            job=class_of(job), args=args, kwargs=kwargs, at=at, queue=queue, priority=priority
        )
        adapter = adapter_that_records("assert_enqueued_with", job)
        if opens_block():
            return cast(MatchedJob, matching.enqueued_in_block(adapter, expected))
        found = matching.find(expected, adapter.enqueued_jobs, verb="enqueued")
        return cast(MatchedJob, found)

    def assert_performed_with(
        self,
        *,
        job: type[JobState] | FunctionJob[..., Any] | Callable[[Any], object] | None = None,
        args: Sequence[Any] | Callable[[Any], object] | None = None,
        kwargs: Mapping[str, Any] | Callable[[Any], object] | None = None,
        at: datetime | float | Callable[[Any], object] | None = None,
        queue: str | Callable[[Any], object] | None = None,
        priority: int | Callable[[Any], object] | None = None,
        **unknown: Never,
    ) -> MatchedJob:
        """Some job that is like this was performed; takes what `assert_enqueued_with` takes. The
        block form performs all that the block enqueues.
        """
        __tracebackhide__ = True
        _refuse("assert_performed_with", unknown)
        expected = Expected(
            job=class_of(job), args=args, kwargs=kwargs, at=at, queue=queue, priority=priority
        )
        adapter = adapter_that_records("assert_performed_with", job)
        if opens_block():
            return cast(MatchedJob, matching.performed_in_block(adapter, expected))
        found = matching.find(expected, adapter.performed_jobs, verb="performed")
        return cast(MatchedJob, found)

    def perform_enqueued_jobs(
        self,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
        at: datetime | float | None = None,
    ) -> PerformedCount:
        """Perform what is stored now, and return the number of jobs; what they enqueue, retries
        too, stays stored. An error of a job leaves this call; the job counts as performed.

        The block form performs each job of the block as it is enqueued instead, whatever its
        time, and so also retries, until their attempts are used up.

        Args:
            only: Perform only these.
            except_: Perform all but these.
            queue: Perform only jobs of this queue.
            at: Perform nothing that is due later than this.
        """
        if opens_block():
            chosen = selection(only, except_, queue, at, asks_about_jobs=True)
            adapter = self.queue_adapter
            is_recording = isinstance(adapter, TestAdapter)
            block = performing(adapter, chosen) if is_recording else nullcontext()
            return cast(PerformedCount, block)
        adapter = adapter_that_records("perform_enqueued_jobs", only)
        number = 0
        for recorded in taken_out(adapter, selection(only, except_, queue, at)):
            number += 1
            adapter.perform(recorded)
        return PerformedCount(number)

    async def aperform_enqueued_jobs(
        self,
        *,
        only: Chosen | None = None,
        except_: Chosen | None = None,
        queue: str | None = None,
        at: datetime | float | None = None,
    ) -> int:
        """`perform_enqueued_jobs` without a block for an event loop: coroutine jobs run on it."""
        adapter = adapter_that_records("aperform_enqueued_jobs", only)
        number = 0
        for recorded in taken_out(adapter, selection(only, except_, queue, at)):
            number += 1
            adapter.performed_jobs.append(recorded)
            await execution.aperform_now(JobState.deserialize(payload_of(recorded)))
        return number

    def interrupt_job_during_step(
        self, job: type[JobState], step: str, *, cursor: Any = None, reason: object = True
    ) -> AbstractContextManager[None]:
        """In the block, jobs of this class stop at a checkpoint of that step, as they do when a
        worker ends: at any cursor, or at the one given. `reason` is True, or the reason to report.
        """
        adapter = adapter_that_records("interrupt_job_during_step", job)
        return interruptions.during_step(adapter, job, step, cursor, reason)

    def interrupt_job_after_step(
        self, job: type[JobState], step: str, *, reason: object = True
    ) -> AbstractContextManager[None]:
        """In the block, jobs of this class stop between that step and the next."""
        adapter = adapter_that_records("interrupt_job_after_step", job)
        return interruptions.after_step(adapter, job, step, reason)


def _refuse(helper: str, unknown: Mapping[str, object]) -> None:
    for name in unknown:
        facets = ", ".join(Expected.__dataclass_fields__)
        raise ArgumentError(f"{helper} got an unexpected {name!r}; expected {facets}.")
