"""As soon as the copy can be seen its job is done with, even if the worker dies that moment."""

from __future__ import annotations

import signal

from samovar.broker.port import TopicPartition
from tests.jobs.sample import FailingJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
app.job_topic(
    "default", pause=Pause(timeout=30, max_timeout=60),
    dead_letter_queue=DeadLetterQueue("morgue", max_retries=0, transactional=True),
)
"""


def test_a_transactional_dead_letter_and_its_offset_move_together(stage: Stage) -> None:
    """O03."""
    stage.notice_the_dead()
    stage.declare(ROUTES)
    stage.configure("worker", commit_interval=600)
    stage.create(partitions=2)
    stage.put([(1, JournalJob(1)), (1, FailingJob(2)), (1, JournalJob(3))])

    with stage.steady_worker() as worker:
        eventually(lambda: stage.records("morgue"), within=60, what="the copy can be seen")
        worker.kill()

    assert stage.committed() == {TopicPartition(stage.topic(), 1): 2}
    with stage.steady_worker() as successor:
        stage.journal.wait_for("done", 3)
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == [1, 2, 3]
    (dead,) = stage.records("morgue")
    assert dict(dead.headers)["source_offset"] == b"1"
