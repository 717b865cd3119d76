"""What a job sees and may do when the partition that it came from goes to another worker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from samovar import Continuable, Job, payload, retry_on
from samovar.engine.enqueuing.adapter import LogAdapter
from samovar.errors import RevokedError
from samovar.job import performing
from samovar.job.outcome import FAILURES
from samovar.support.tenure import TENURE, Tenure
from tests.support.applications import Recording, application

SEEN: list[object] = []


class Log(Recording):
    """Answers as the adapter of every log does, whose worker is not ending."""

    def _stopping(self) -> bool:
        return False

    def stopping(self, job: object = None) -> bool:
        return LogAdapter.stopping(cast(LogAdapter, self), job)


ADAPTER = Log()


class LeavingLoggedJob(Job):
    queue_adapter = ADAPTER


@retry_on(ValueError, wait=0)
class LookingJob(LeavingLoggedJob):
    def perform(self, fails: bool = False) -> None:
        SEEN.append(self.is_revoked)
        thread = threading.Thread(target=lambda: SEEN.append(self.is_revoked))
        thread.start()
        thread.join()
        if fails:
            raise ValueError("once more")


class LookingCoroutineJob(LeavingLoggedJob):
    async def perform(self) -> None:
        await asyncio.sleep(0)
        SEEN.append(self.is_revoked)


class LeavingSteppingJob(Continuable, LeavingLoggedJob):
    resume_options: ClassVar[dict[str, Any]] = {"wait": 0}

    def perform(self) -> None:
        self.step(lambda: SEEN.append("first"), name="first")
        self.step(lambda: SEEN.append("second"), name="second")


@pytest.fixture
def tenure() -> Iterator[Tenure]:
    SEEN.clear()
    ADAPTER.requests.clear()
    tenure = Tenure()
    token = TENURE.set(tenure)
    yield tenure
    TENURE.reset(token)


def perform(job: Job) -> None:
    outcome = performing.perform(payload.dumps(job.serialize()), TENURE.get())
    if isinstance(outcome, FAILURES):
        raise outcome.error


@pytest.mark.parametrize("job", [LookingJob, LookingCoroutineJob])
def test_a_job_sees_that_its_partition_leaves(job: Any, tenure: Tenure) -> None:
    with application():
        perform(job())
        assert set(SEEN) == {False}
        SEEN.clear()
        tenure.is_ending = True
        perform(job())
        assert set(SEEN) == {True}


def test_a_retry_is_enqueued_within_the_grace_and_not_after_it(tenure: Tenure) -> None:
    with application():
        tenure.is_ending = True
        perform(LookingJob(True))
        assert len(ADAPTER.requests) == 1
        tenure.is_over = True
        with pytest.raises(RevokedError, match="gone to another worker"):
            perform(LookingJob(True))
        with pytest.raises(RevokedError):
            LookingJob().retry_job()
        assert len(ADAPTER.requests) == 1


def test_a_job_with_steps_stops_at_its_next_checkpoint(tenure: Tenure) -> None:
    with application():
        tenure.is_ending = True
        perform(LeavingSteppingJob())
        assert SEEN == ["first"]
        assert len(ADAPTER.requests) == 1
        tenure.is_over = True
        with pytest.raises(RevokedError):
            perform(LeavingSteppingJob())
        assert len(ADAPTER.requests) == 1
