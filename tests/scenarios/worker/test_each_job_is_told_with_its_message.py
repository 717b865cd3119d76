"""A15: `active_job.consume` and `active_job.consumed` fire once per job, with job and message.

A14: what runs is known by its class's name while it runs.
"""

from __future__ import annotations

import signal

import pytest

from tests.jobs.sample import FlakyJob, JournalJob
from tests.support.stage import Stage

APPLICATION = """
import samovar
from tests.support import journal

app.job_topic("default", {setting}, pause=Pause(timeout=0.05, exponential=False))

def told(event):
    job, message = event.payload["job"], event.payload["message"]
    words = [type(job).__name__, job.arguments[0], message.partition, message.offset]
    assert message.topic == "{topic}"
    assert message.payload["job_id"] == job.job_id
    slept = event.name == "active_job.consumed" and type(job).__name__ == "JournalJob"
    assert event.duration >= (0.02 if slept else 0.0)
    words += event.payload.get("exception", [])[:1]
    journal.write(event.name, "-".join(map(str, words)))

for name in ("active_job.consume", "active_job.consumed"):
    samovar.subscribe(name)(told)
"""


@pytest.mark.parametrize("setting", ["ordering='partition'", "ordering='none'"])
def test_each_job_is_told_once_with_its_message(stage: Stage, setting: str) -> None:
    stage.declare(APPLICATION.format(setting=setting, topic=stage.topic()))
    stage.create(partitions=2)
    stage.put([(1, JournalJob(1, 0.02)), (1, FlakyJob(2)), (0, JournalJob(3, 0.02))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, 2, 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    first, flaky, third = "JournalJob-1-1-0", "FlakyJob-2-1-1", "JournalJob-3-0-0"
    assert sorted(stage.journal.notes("active_job.consume")) == sorted([first, third, flaky, flaky])
    assert sorted(stage.journal.notes("active_job.consumed")) == sorted(
        [first, third, f"{flaky}-RuntimeError", flaky]
    )
