"""A job has one place to wait in: scheduled again under its id, its new time and key count."""

from __future__ import annotations

import signal

import samovar
from samovar import Job
from tests.jobs.deferred import DeferredKeyedJob
from tests.support.stage import Stage

#: Enough of them to lie in several partitions of a schedule topic.
KEYS = "abcdefgh"


def again(job: DeferredKeyedJob, key: str, wait: float) -> None:
    job.arguments = [job.arguments[0], key]
    assert job.set(wait=wait).enqueue()


def test_the_last_time_and_the_last_key_count(log_stage: Stage) -> None:
    stage = log_stage
    stage.app  # noqa: B018 -- jobs need an application
    one, other, third = (DeferredKeyedJob(number, "z") for number in (1, 2, 3))

    for index, key in enumerate(KEYS):
        again(one, key, 1 + index / 10)
        again(other, key, 3600 if index % 2 else 1)  # the last one is an hour away
        third.arguments = [3, key]
        samovar.perform_all_later([third.set(wait=1)])
    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, 3)
        assert samovar.cancel_scheduled(other.job_id) is True
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers()) == [1, 3]
    assert sorted(stage.journal.notes("key")) == ["1:h", "3:h"]


def test_a_job_that_was_read_from_its_payload_is_the_same(log_stage: Stage) -> None:
    stage = log_stage
    stage.app  # noqa: B018 -- jobs need an application
    job = DeferredKeyedJob.set(wait=1).perform_later(1, "a")
    assert isinstance(job, DeferredKeyedJob)

    for key in KEYS[1:]:
        restored = Job.deserialize(job.serialize())
        assert isinstance(restored, DeferredKeyedJob)
        again(restored, key, 1)
    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.notes("key") == ["1:h"]
