"""L01: a queue that a pattern matches is served with the pattern's settings, also a later one."""

from __future__ import annotations

import signal

from tests.jobs.sample import FailingJob, JournalJob
from tests.support.stage import Stage

ROUTES = """
app.job_topic(
    re.compile(r"{prefix}\\.(mail|bill)_jobs"),
    partitions=3,
    pause=Pause(timeout=0.05, exponential=False),
    dead_letter_queue=DeadLetterQueue("lost", max_retries=1),
)
"""


def test_a_topic_that_is_made_later_is_found_by_its_pattern(stage: Stage) -> None:
    stage.declare(ROUTES.format(prefix=stage.prefix))
    stage.create("mail_jobs", partitions=1)
    stage.create("old_mail_jobs", partitions=1)
    stage.put([(0, JournalJob(1))], "mail_jobs")
    stage.put([(0, JournalJob(0))], "old_mail_jobs")

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1)
        stage.create("bill_jobs", partitions=2)
        stage.put([(0, FailingJob(7)), (0, JournalJob(2)), (1, JournalJob(3))], "bill_jobs")
        stage.journal.wait_for("done", 2, 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("done")) == [1, 2, 3]
    # max_retries=1 of the pattern, and its dead letter topic.
    assert stage.journal.numbers("start").count(7) == 2
    assert len(stage.records("lost")) == 1


def test_a_queue_that_is_enqueued_to_is_created_as_its_pattern_says(stage: Stage) -> None:
    stage.declare(ROUTES.format(prefix=stage.prefix))
    script = "from stage_app import app\nfrom tests.jobs.sample import JournalJob\n"

    done = stage.script(script + "JournalJob.set(queue='bill_jobs').perform_later(5)")
    assert done.returncode == 0, done.stderr

    assert stage.admin.topics()[stage.topic("bill_jobs")] == 3
    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 5)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
