"""P05 and E09: static members do not take each other's place, unless their ids are the same."""

from __future__ import annotations

import os
import signal

import pytest

from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.processes import children
from tests.support.stage import Stage


@pytest.fixture(params=["classic", "consumer"])
def static_stage(request: pytest.FixtureRequest, kafka_stage: Stage) -> Stage:
    settings = {"group.instance.id": "node", "group.protocol": request.param}
    if request.param == "classic":
        settings |= {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500"}
    kafka_stage.configure("kafka", settings=settings)
    return kafka_stage


def test_processes_and_connections_have_ids_of_their_own(static_stage: Stage) -> None:
    stage = static_stage
    stage.declare(
        "with app.subscription_group('wide', multiplexing=2):\n"
        "    app.job_topic('default', partitions=4)\n"
        "app.job_topic('other', partitions=2, max_wait_time=0.1)"
    )

    with stage.steady_worker("--processes", "2") as worker:
        stage.put_until(lambda journal: len(journal.pids()) == 2, partitions=4)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert "group.instance.id" not in worker.output
    assert "The listener failed" not in worker.output


def test_a_process_that_starts_anew_fences_nobody(kafka_stage: Stage) -> None:
    stage = kafka_stage
    stage.configure("kafka", settings={"group.instance.id": "node"})
    stage.create(partitions=4)

    with stage.steady_worker("--processes", "2") as worker:
        number = stage.put_until(lambda journal: len(journal.pids()) == 2, partitions=4)
        first = children(worker.pid)
        os.kill(first[0], signal.SIGKILL)
        (second,) = eventually(
            lambda: [pid for pid in children(worker.pid) if pid not in first],
            what="another child runs",
        )
        # The same partitions, without a rebalance: long before its session would have ended.
        number = stage.put_until(
            lambda journal: second in journal.pids(), first=number, partitions=4
        )
        stage.journal.wait_for("done", *range(number))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert "group.instance.id" not in worker.output


def test_who_is_fenced_says_so_and_ends_with_a_status(kafka_stage: Stage) -> None:
    stage = kafka_stage
    stage.configure("kafka", settings={"group.instance.id": "same"})
    stage.create(partitions=2)

    with stage.steady_worker() as first:
        stage.put([(0, JournalJob(1))])
        stage.journal.wait_for("done", 1)
        with stage.steady_worker() as second:
            assert first.wait() == 1
            stage.put([(0, JournalJob(2)), (1, JournalJob(3))])
            stage.journal.wait_for("done", 2, 3)
            second.signal(signal.SIGTERM)
            assert second.wait() == 0

    assert "Another process has this one's group.instance.id" in first.output
    assert stage.journal.numbers("done").count(2) == 1
