"""After its retries a job lies in the dead letter topic as it was, and the next one runs."""

from __future__ import annotations

import signal
from itertools import pairwise

import samovar
from samovar.broker.port import NewRecord
from tests.jobs.sample import FailingJob, JournalJob, TwiceFailingJob
from tests.support.stage import Stage

ROUTES = """
app.job_topic(
    "default",
    partitions=4,
    dead_letter_queue=DeadLetterQueue("morgue", max_retries=2),
    pause=Pause(timeout=0.05, max_timeout=0.1),
)
"""


def test_a_job_that_keeps_failing_becomes_a_dead_letter(stage: Stage) -> None:
    """D01 D05 D06."""
    stage.declare(ROUTES)
    stage.create(partitions=4)
    stage.put([(3, JournalJob(1))])
    value = samovar.payload.dumps(FailingJob(2).serialize())
    headers = (("trace", b"\x00\xff"), ("trace", b"again"))
    failing = NewRecord(stage.topic(), value, key=b"key", headers=headers, partition=3)
    stage.produce([failing])
    stage.put([(3, JournalJob(3))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, 3)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert stage.journal.numbers("start") == [1, 2, 2, 2, 3]

    (dead,) = stage.records("morgue")
    assert (dead.value, dead.key, dead.headers[:2]) == (value, b"key", headers)
    told = dict(dead.headers[2:])
    assert told["source_topic"] == stage.topic().encode()
    assert (told["source_partition"], told["source_offset"]) == (b"3", b"1")
    assert told["source_consumer_group"] == stage.settings.kafka.group.encode()
    assert told["source_attempts"] == b"3"
    assert told["error_class"] == b"RuntimeError"

    with stage.steady_worker() as successor:
        stage.put([(3, JournalJob(4))])
        stage.journal.wait_for("done", 4)
        successor.signal(signal.SIGTERM)
        assert successor.wait() == 0
    assert stage.journal.numbers("start") == [1, 2, 2, 2, 3, 4]


def test_a_queue_that_nobody_drew_has_a_dead_letter_topic_too(stage: Stage) -> None:
    stage.create(partitions=1)
    stage.put([(0, FailingJob(1)), (0, JournalJob(2))])

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 2)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    # Three retries: after two, four and eight seconds.
    starts = [line.at for line in stage.journal.lines("start")]
    waits = [later - sooner for sooner, later in pairwise(starts[:4])]
    assert stage.journal.numbers("start") == [1, 1, 1, 1, 2]
    assert all(wait >= least for wait, least in zip(waits, (2, 4, 8), strict=True))
    assert len(stage.records("default_dead")) == 1


def test_a_job_whose_own_attempts_are_used_up_goes_there_at_once(stage: Stage) -> None:
    stage.create(partitions=1)
    stage.put([(0, TwiceFailingJob(1))])

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: journal.numbers("start") == [1, 1])
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    (dead,) = stage.records("default_dead")
    assert dict(dead.headers)["error_class"] == b"RuntimeError"
