"""A job that waits runs in its time: never before it, and soon after, whoever stored it."""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from samovar import Job, cancel_scheduled, perform_all_later
from samovar.support import clock
from tests.jobs.deferred import DeferredDistantRetryJob, DeferredJob, DeferredRetryJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

#: How late a job may be on a machine that is busy with other tests; on Kafka it waits for a whole
#: second besides.
LATE_NS = {"embedded": 2_000_000_000, "kafka": 4_000_000_000}


def times(stage: Stage) -> dict[int, list[int]]:
    """When each job ran, nanoseconds since the epoch."""
    found: dict[int, list[int]] = defaultdict(list)
    for note in stage.journal.notes("at"):
        number, at = note.split(":")
        found[int(number)].append(int(at))
    return found


def wait_until_kept(stage: Stage) -> None:
    """Until the worker holds every partition of the schedule topic, if there is one."""
    topic = stage.topic("scheduled_jobs")
    if stage.backend == "kafka":
        eventually(
            lambda: len(stage.admin.committed(f"{topic}-keepers", topic)) == 5,
            what="the schedule topic is kept",
        )


def check_in_time(stage: Stage, job: Job | bool, ran: list[int]) -> None:
    assert isinstance(job, Job)
    assert job.due_ns is not None
    (at,) = ran
    assert 0 <= at - job.due_ns < LATE_NS[stage.backend]


def test_waits_end_in_their_time(log_stage: Stage) -> None:
    """J01."""
    stage = log_stage
    stage.app  # noqa: B018 -- jobs need an application
    # A queue that nobody has heard of: its topic is made now, and found by an embedded worker.
    queue = "brand_new" if stage.backend == "embedded" else "default"

    with stage.steady_worker() as worker:
        wait_until_kept(stage)
        jobs = {
            0: DeferredJob.set(wait=1.5).perform_later(0),
            1: DeferredJob.set(wait=timedelta(milliseconds=300)).perform_later(1),
            2: DeferredJob.set(wait_until=datetime.now(UTC) + timedelta(seconds=1)).perform_later(
                2
            ),
            3: DeferredJob.set(wait=1.2, queue=queue).perform_later(3),
        }
        bulk = [DeferredJob(number).set(wait=0.7 + number / 100) for number in range(4, 24)]
        perform_all_later(bulk)
        assert all(job.successfully_enqueued for job in bulk)
        stage.journal.wait_for("done", *range(24))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    ran = times(stage)
    for number, job in jobs.items():
        check_in_time(stage, job, ran[number])
    for number, job in enumerate(bulk, 4):
        check_in_time(stage, job, ran[number])


def test_a_time_that_is_past_is_at_once(log_stage: Stage) -> None:
    log_stage.app  # noqa: B018 -- jobs need an application

    DeferredJob.set(wait=0).perform_later(1)
    DeferredJob.set(wait=-5).perform_later(2)
    DeferredJob.set(wait_until=datetime(2000, 1, 1, tzinfo=UTC)).perform_later(3)

    eventually(lambda: len(log_stage.records()) == 3)


def test_a_job_whose_time_came_while_no_worker_was_there_runs_when_one_comes(
    log_stage: Stage,
) -> None:
    """J02."""
    log_stage.app  # noqa: B018 -- jobs need an application
    job = DeferredJob.set(wait=0.05).perform_later(1)
    assert job
    assert job.due_ns
    while clock.now_ns() < job.due_ns:
        time.sleep(0.01)

    with log_stage.steady_worker():
        log_stage.journal.wait_for("done", 1)


def test_a_retry_waits_as_long_as_declared(log_stage: Stage) -> None:
    log_stage.app  # noqa: B018 -- jobs need an application

    with log_stage.steady_worker():
        job = DeferredRetryJob.perform_later(1)
        assert job
        DeferredJob.perform_later(2)
        log_stage.journal.wait_for("done", 1, 2)

    first, second, third = times(log_stage)[1]
    late = LATE_NS[log_stage.backend]
    assert 1e9 <= second - first < 1e9 + late
    assert 1e9 <= third - second < 1e9 + late


def test_a_retry_is_stored_before_its_run_is_marked(log_stage: Stage) -> None:
    log_stage.configure("worker", commit_interval=0.1)
    log_stage.app  # noqa: B018 -- jobs need an application

    with log_stage.steady_worker() as worker:
        job = DeferredDistantRetryJob.perform_later(1)
        assert job
        log_stage.journal.wait(
            lambda _: any(log_stage.committed().values()), what="the failed run is committed"
        )
        worker.signal(signal.SIGKILL)
        worker.wait()

    assert cancel_scheduled(job.job_id)
    assert log_stage.journal.numbers("start") == [1]
