"""`samovar dead` on each log: what failed for good is seen, put back, performed, or given up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

from samovar.broker.port import NewRecord, TopicSpec
from tests.jobs.sample import FailingJob, FlakyJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
app.job_topic(
    "default", partitions=2, dead_letter_queue=DeadLetterQueue("morgue", max_retries=0),
    pause=Pause(timeout=0.01, max_timeout=0.01),
)
"""


def dead(stage: Stage, *arguments: str, status: int = 0) -> str:
    """What the command prints."""
    run = subprocess.run(
        [sys.executable, "-m", "samovar", "dead", *arguments],
        cwd=stage.directory,
        env={**os.environ, **stage.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == status, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_dead_letters_are_listed_retried_and_discarded(stage: Stage) -> None:
    stage.declare(ROUTES)
    stage.create(partitions=2)
    jobs = [FlakyJob(1), FlakyJob(2), FailingJob(3)]
    stage.put([(1, job) for job in jobs])
    stage.produce([NewRecord(stage.topic(), b"\x1b[31m no job", partition=1)])
    topic = stage.topic("morgue")

    with stage.steady_worker() as worker:
        eventually(lambda: len(stage.records("morgue")) == 4, within=60)

        listed = dead(stage, "list")
        assert f"{topic}: 4 dead letters" in listed
        lines = dead(stage, "list", "morgue").splitlines()
        assert [f"({job.job_id})" in line for job, line in zip(jobs, lines, strict=False)] == [
            True
        ] * 3
        assert f"{topic}:1:0" in lines[0]
        assert "RuntimeError: job 1 fails once" in lines[0]
        assert "A record that is no job" in lines[3]

        shown = dead(stage, "show", jobs[0].job_id)
        assert f"source_topic = {stage.topic()}" in shown
        assert '"job_class": "FlakyJob"' in shown
        assert "\n  Traceback (most recent call last):\n" in shown
        assert re.search(r'\n    File ".*sample.py", line \d+, in perform\n', shown)
        assert "\x1b" not in dead(stage, "show", f"{topic}:1:3")

        assert "Would put back 4 dead letters; nothing was changed." in dead(
            stage, "retry", "--all", "--dry-run"
        )
        assert stage.journal.notes("done") == []
        assert "Put back 2 dead letters." in dead(stage, "retry", jobs[1].job_id, f"{topic}:1:0")
        stage.journal.wait_for("done", 1, 2)
        assert f"{topic}: 2 dead letters" in dead(stage, "list")

        assert "for good?" in dead(stage, "discard", "morgue", status=1), "it asks first"
        assert "Gave up 2 dead letters." in dead(stage, "discard", "--all", "--yes")
        assert dead(stage, "list") == "No dead letters.\n"
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("done")) == [1, 2]
    assert stage.journal.numbers("start").count(3) == 1
    assert re.search(r"no dead letter", dead(stage, "retry", jobs[0].job_id, status=1))
    assert "Say which dead letters" in dead(stage, "retry", status=2)


def test_a_letter_that_its_topic_refuses_holds_up_no_other(kafka_stage: Stage) -> None:
    stage = kafka_stage
    small = TopicSpec(name=stage.topic("small"), partitions=1, config={"max.message.bytes": "2000"})
    stage.admin.create_topics([small])
    stage.create("small_dead", partitions=1)
    source = (("source_topic", small.name.encode()), ("source_partition", b"0"))
    stage.produce(
        [
            NewRecord(stage.topic("small_dead"), os.urandom(size), headers=source, partition=0)
            for size in (10, 20, 5000, 30)
        ]
    )

    told = dead(stage, "retry", "small_dead", status=1)

    assert "Put back 3 dead letters." in told
    assert f"{stage.topic('small_dead')}:0:2" in told
    assert [len(record.value or b"") for record in stage.records("small")] == [10, 20, 30]
    assert "1 dead letter" in dead(stage, "list")
    too_far = f"{stage.topic('small_dead')}:0:{10**30}"
    assert "no dead letter" in dead(stage, "show", too_far, status=1)
