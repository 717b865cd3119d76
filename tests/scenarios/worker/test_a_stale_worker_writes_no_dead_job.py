"""A job fails after its partition has gone to another worker, which has worked it off: no copy is
written, no retry is enqueued, and the committed position does not go back.
"""

from __future__ import annotations

import signal

import pytest

from samovar.broker.port import TopicPartition
from tests.jobs.sample import JournalJob, StrandedJob, StrandedRetryJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
app.job_topic(
    "default", dead_letter_queue=DeadLetterQueue("dead", max_retries=0, transactional={})
)
"""
PARTITIONS = 2
#: Jobs of a partition after the one that fails.
FOLLOWERS = 20


@pytest.mark.timeout(120)
@pytest.mark.parametrize("is_transactional", [True, False])
def test_a_stale_worker_writes_no_dead_job(stage: Stage, is_transactional: bool) -> None:
    stage.declare(ROUTES.format(is_transactional))
    strand(stage, StrandedJob)

    sources = [dict(record.headers)["source_partition"] for record in stage.records("dead")]
    assert sources == [b"%d" % kept(stage)]


@pytest.mark.timeout(120)
def test_a_stale_worker_enqueues_no_retry(stage: Stage) -> None:
    written = strand(stage, StrandedRetryJob)

    ends = stage.admin.watermarks(stage.topic()).values()
    assert sum(end.high for end in ends) == written + 1, "the retry of the partition that stayed"


def strand(stage: Stage, job: type[StrandedJob]) -> int:
    """Let the job of each partition fail at a worker that has lost one of them."""
    stage.create(partitions=PARTITIONS)
    put = [(p, job(p)) for p in range(PARTITIONS)]
    put += [(p, JournalJob(10 * n + p)) for p in range(PARTITIONS) for n in range(1, FOLLOWERS + 1)]
    stage.put(put)
    with stage.steady_worker("-c", "4") as host:
        stage.journal.wait_for("start", *range(PARTITIONS))
        with stage.worker("-c", "4", env={"VISITOR": "1"}) as visitor:
            eventually(lambda: finished(stage), within=60, what="the visitor worked one off")
            (moved,) = finished(stage)
            for number in range(PARTITIONS):
                stage.open_gate(number)
            host.wait_for_output("after its partition had gone to another worker")
            stage.journal.wait_for("done", *(10 * n + kept(stage) for n in range(1, FOLLOWERS + 1)))
            # A retry of the partition that stayed may have come into this one.
            assert finished(stage)[moved] >= FOLLOWERS + 1, "no position goes back"
            visitor.signal(signal.SIGTERM)
            assert visitor.wait() == 0
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
    assert set(stage.committed().values()) >= {FOLLOWERS + 1}
    return len(put)


def finished(stage: Stage) -> dict[TopicPartition, int]:
    """The partitions that are worked off."""
    return {s: at for s, at in stage.committed().items() if at > FOLLOWERS}


def kept(stage: Stage) -> int:
    """The partition that did not move: the visitor has nothing of it."""
    (visited,) = {int(line.what) for line in stage.journal.lines("done") if int(line.what) < 10}
    return 1 - visited
