"""F06: what is enqueued just before a worker ends is delivered before it is gone."""

from __future__ import annotations

from tests.jobs.errands import LastWordsJob
from tests.support.stage import Stage

COUNT = 500


def test_what_the_last_job_enqueues_is_delivered(stage: Stage) -> None:
    stage.configure(imports=["tests.jobs.errands", "tests.jobs.sample"])
    # On its way for a while: nothing of it leaves by itself before the worker stops.
    stage.configure("kafka", settings={"linger.ms": 3000})
    stage.create(partitions=1)
    stage.create("later", partitions=4)
    stage.put([(0, LastWordsJob(0, COUNT))])

    with stage.steady_worker("-q", "default") as worker:
        assert worker.wait() == 0

    assert stage.journal.numbers("done") == [0]
    assert len(stage.records("later")) == COUNT
    assert sum(stage.committed().values()) == 1
