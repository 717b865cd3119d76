"""A group that never takes this member, for it is configured wrongly: the worker ends with status 1
and the reason, where it tried again for ever.
"""

from __future__ import annotations

import pytest

from tests.support.stage import Stage


@pytest.mark.parametrize("keeps", [False, True], ids=["listener", "keeper too"])
def test_an_unknown_assignor_ends_the_worker(kafka_stage: Stage, keeps: bool) -> None:
    stage = kafka_stage
    stage.create(partitions=2)
    if keeps:
        stage.declare("app.job_topic('default', partitions=2)\napp.scheduled_messages('later')")
    protocol = {"group.protocol": "consumer", "group.remote.assignor": "nobody"}
    stage.configure("kafka", settings=protocol)

    with stage.worker() as worker:
        assert worker.wait() == 1
        assert "The assignor or its version range is not supported" in worker.output
        assert "Name one in group.remote.assignor" in worker.output
        assert "Committing offsets" not in worker.output
