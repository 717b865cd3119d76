"""E14: a topic that is deleted stops nobody, and is served again once it is made again."""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage


def test_a_topic_may_go_and_come_back(stage: Stage) -> None:
    stage.declare("app.job_topic('mail', partitions=1)\napp.job_topic('bills', partitions=1)")

    with stage.steady_worker() as worker:
        stage.put([(0, JournalJob(1))], "mail")
        stage.put([(0, JournalJob(2))], "bills")
        stage.journal.wait_for("done", 1, 2)

        stage.admin.delete_topics([stage.topic("mail")])
        # Only then: whoever never saw it go takes the new one for the old one.
        eventually(
            lambda: "Partitions left" in worker.output or "were taken away" in worker.output,
            within=60,
            what="the worker sees it go",
        )
        stage.put([(0, JournalJob(3))], "bills")
        stage.journal.wait_for("done", 3)

        stage.create("mail", partitions=1)
        stage.put([(0, JournalJob(4))], "mail")
        stage.journal.wait_for("done", 4)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
