"""Virtual partitions: a batch of one partition is performed in several lanes (G01, G05, G08)."""

from __future__ import annotations

import signal

from samovar.broker.port import TopicPartition
from tests.jobs.sample import FlakyJob, GateJob, JournalJob
from tests.support.stage import Stage

ROUTE = """
from samovar import VirtualPartitions

app.job_topic(
    "default",
    max_messages=6,
    pause=Pause(timeout=0.1, max_timeout=0.2),
    virtual_partitions=VirtualPartitions(
        partitioner=lambda message: message.key, reducer=int, max_partitions=3
    ),
)
"""
#: It fails for a record of the second batch.
PARTITIONER = """
def offset_of(message):
    if message.offset == 8:
        raise RuntimeError("no key today")
    return message.offset % 3
"""


def prepare(stage: Stage) -> TopicPartition:
    stage.configure("worker", concurrency=5)
    stage.declare(ROUTE)
    stage.create(partitions=1)
    return TopicPartition(stage.topic(), 0)


def test_the_keys_of_a_partition_run_side_by_side_and_term_works_the_batch_off(
    stage: Stage,
) -> None:
    source = prepare(stage)
    stage.put_keyed((0, n % 3, GateJob(n)) for n in range(12))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: sorted(journal.numbers("start")) == [0, 1, 2])
        worker.signal(signal.SIGTERM)
        worker.wait_for_output("The worker is stopping")
        for n in range(12):
            (stage.directory / f"gate-{n}").touch()
        assert worker.wait() == 0

    started = stage.journal.numbers("start")
    assert sorted(started) == list(range(6)), "the batch, and no other one"
    for key in range(3):
        assert [n for n in started if n % 3 == key] == [key, key + 3]
    assert stage.committed() == {source: 6}


def test_a_failing_job_is_retried_in_order_and_nothing_else_is_repeated(stage: Stage) -> None:
    """C01 and C02 with virtual partitions."""
    source = prepare(stage)
    jobs = [FlakyJob(n) if n in (1, 14) else JournalJob(n) for n in range(30)]
    stage.put_keyed((0, n % 3, job) for n, job in enumerate(jobs))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(30))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    started = stage.journal.numbers("start")
    assert sorted(started) == sorted([*range(30), 1, 14])
    done = stage.journal.numbers("done")
    for key in range(3):
        assert [n for n in done if n % 3 == key] == list(range(key, 30, 3))
    assert stage.committed() == {source: 30}


def test_a_partitioner_that_fails_is_told_once_and_its_batch_runs_in_order(stage: Stage) -> None:
    """G05."""
    source = prepare(stage)
    stage.declare(PARTITIONER + ROUTE.replace("lambda message: message.key", "offset_of"))
    stage.put((0, GateJob(n) if n < 6 else JournalJob(n, 0.01)) for n in range(18))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.numbers("start")) == 3)
        for n in range(6):
            stage.open_gate(n)
        stage.journal.wait_for("done", *range(18))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert worker.output.count("The partitioner of") == 1
    assert "no key today" in worker.output
    batch = [(line.event, int(line.what)) for line in stage.journal.lines("start", "done")]
    batch = [(event, n) for event, n in batch if 6 <= n < 12]
    assert batch == [(event, n) for n in range(6, 12) for event in ("start", "done")]
    assert stage.committed() == {source: 18}
