"""After some deaths the job that caused them is known, and the others are performed."""

from __future__ import annotations

import signal
from collections import Counter

from samovar.broker.port import TopicPartition
from tests.jobs.sample import DeadlyJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage


def test_a_job_that_kills_its_process_is_moved_aside(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=2)
    stage.put([(1, JournalJob(1)), (1, DeadlyJob(2)), (1, JournalJob(3)), (0, JournalJob(4))])

    deaths = 0
    while "3" not in stage.journal.notes("done"):
        with stage.worker() as worker:
            eventually(
                lambda worker=worker: (
                    worker.returncode or stage.journal.notes("done")[-1:] == ["3"]
                ),
                within=60,
                what="the worker dies, or gets past the job that kills it",
            )
            if worker.returncode is not None:
                assert worker.returncode == -signal.SIGKILL
                deaths += 1
                continue
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    # A death that a busy machine keeps from being counted costs one more.
    assert 4 <= deaths <= 6
    starts = Counter(stage.journal.numbers("start"))
    assert (starts[2], starts[3]) == (deaths, 1)
    (dead,) = stage.records("default_dead")
    told = dict(dead.headers)
    assert (told["error_class"], told["source_offset"]) == (b"WorkerDiedError", b"1")
    assert told["error_message"].startswith(b"worker died: this job was begun 3 times")
    assert stage.committed() == {
        TopicPartition(stage.topic(), 0): 1,
        TopicPartition(stage.topic(), 1): 3,
    }
