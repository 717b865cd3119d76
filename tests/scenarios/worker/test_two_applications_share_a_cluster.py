"""Two applications on one Kafka cluster: each job runs once, and what they must not share is said.

The applications are two stages with directories, groups and queues of their own.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator

import pytest

import samovar
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

TASK = """
from tests.jobs.recurring import TickJob
app.recurring("{name}", TickJob, every=1, arguments=["{name}"], keyword_arguments={{"times": 1}})
"""


@pytest.fixture
def one(kafka_stage: Stage) -> Stage:
    kafka_stage.notice_the_dead()
    return kafka_stage


@pytest.fixture
def two(one: Stage) -> Iterator[Stage]:
    """Another application, with the same prefix, so that it can name the same topics."""
    directory = one.directory / "two"
    directory.mkdir()
    other = Stage("kafka", directory=directory, prefix=one.prefix, kafka=one.kafka)
    other.notice_the_dead()
    other.configure("kafka", group_id=f"{one.prefix}-two")
    yield other
    other.close()


def end(*workers: WorkerProcess) -> None:
    for worker in workers:
        worker.signal(signal.SIGTERM)
    assert [worker.wait() for worker in workers] == [0] * len(workers)


def test_a_job_that_waits_in_a_topic_of_both_runs_once(one: Stage, two: Stage) -> None:
    for stage, queue in ((one, "one"), (two, "two")):
        stage.configure(imports=["tests.jobs.deferred"])
        stage.declare(f'app.scheduled_messages("scheduled_jobs")\napp.job_topic("{queue}")')
    one.app.scheduled_messages("scheduled_jobs")

    with one.steady_worker() as first, two.steady_worker() as second:
        jobs = {
            number: DeferredJob(number).set(queue="one" if number < 10 else "two", wait=wait)
            for number, wait in ((n, 1 + n % 3) for n in range(20))
        }
        far = [DeferredJob(99).set(queue=queue, wait=3600) for queue in ("one", "two")]
        samovar.perform_all_later([*jobs.values(), *far])
        one.journal.wait_for("done", *range(10))
        two.journal.wait_for("done", *range(10, 20))
        cancelled = [samovar.cancel_scheduled(job.job_id) for job in far]
        end(first, second)

    assert cancelled == [True, True]
    assert (len(one.records("one")), len(two.records("two"))) == (10, 10)
    assert Counter(one.journal.numbers()) == Counter(range(10))
    assert Counter(two.journal.numbers()) == Counter(range(10, 20))


def test_what_waits_leaves_while_only_the_other_one_is_up(one: Stage, two: Stage) -> None:
    for stage, queue in ((one, "one"), (two, "two")):
        stage.configure(imports=["tests.jobs.deferred"])
        stage.declare(f'app.scheduled_messages("scheduled_jobs")\napp.job_topic("{queue}")')
    one.app.scheduled_messages("scheduled_jobs")

    with two.steady_worker() as other:
        DeferredJob.set(queue="one", wait=1).perform_later(1)
        eventually(lambda: len(one.records("one")) == 1, what="the job is in its queue")
        end(other)


def test_a_queue_that_another_group_reads_is_pointed_out(one: Stage, two: Stage) -> None:
    one.declare('app.job_topic("shared")\napp.job_topic("own")')
    two.declare('app.job_topic("shared")\napp.job_topic("other")')

    with one.steady_worker() as first:
        first.wait_for_output("Partitions came")
        with two.steady_worker() as second:
            said = second.output
            end(first, second)

    assert f"The queue {one.topic('shared')} is read by other consumer groups" in said
    assert f"({one.prefix})" in said
    assert f"The queue {two.topic('other')}" not in said
    assert "is read by other consumer groups" not in first.output


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_default_client_id_is_pointed_out_in_production(one: Stage, environment: str) -> None:
    one.configure("kafka", group_id="samovar")  # what the default client_id comes to

    with one.worker("-e", environment) as worker:
        worker.wait_for_output("The worker has started")
        said = worker.output

    assert ("This worker has the default group 'samovar'" in said) is (environment == "production")


def test_tasks_that_a_process_of_the_group_does_not_know_are_pointed_out(
    one: Stage, two: Stage
) -> None:
    two.configure("kafka", group_id=one.prefix)
    for stage, name in ((one, "first-task"), (two, "second-task")):
        stage.configure(imports=["tests.jobs.recurring"])
        stage.declare(TASK.format(name=name))

    with one.steady_worker() as first:
        first.wait_for_output("The recurring task first-task")
        with one.steady_worker() as again, two.steady_worker() as second:
            said, twin = second.output, again.output
            end(again, second)

    assert "does not declare second-task" in said
    assert "does not declare" not in twin
