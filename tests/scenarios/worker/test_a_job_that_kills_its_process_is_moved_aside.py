"""After some deaths the job that caused them is known, and the others are performed."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence

import pytest

from samovar.broker.port import Record
from samovar.engine.partitions.commit_metadata import CommitMetadata
from tests.jobs.sample import DeadlyJob, GateJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

TRANSACTIONAL = """
app.job_topic("default", dead_letter_queue=DeadLetterQueue("default_dead", transactional=True))
"""
WITHOUT_A_QUEUE = "app.job_topic('default', max_messages=3)"
DELAYED = "app.job_topic('slow', delay_by=3600)\napp.job_topic('default')"


def perform_until_done(stage: Stage, last: int, *, long: Sequence[int] = ()) -> int:
    """Start one worker after the other until this job is done, and then let these long ones end;
    how many workers have died.
    """
    for deaths in range(30):
        with stage.worker() as worker:
            eventually(
                lambda worker=worker: worker.returncode or str(last) in stage.journal.notes("done"),
                within=90,
                what="the worker dies, or gets past the job that kills it",
            )
            if worker.returncode is None:
                for number in long:
                    stage.open_gate(number)
                stage.journal.wait_for("done", *long)
                worker.signal(signal.SIGTERM)
                assert worker.wait() == 0
                return deaths
            assert worker.returncode == -signal.SIGKILL
    raise AssertionError("The job that kills was never found.")


def moved_aside(stage: Stage) -> list[dict[str, bytes | None]]:
    return [_told(record) for record in stage.records("default_dead")]


def _told(record: Record) -> dict[str, bytes | None]:
    return dict(record.headers)


def notes(stage: Stage, queue: str = "default") -> dict[int, tuple[int, CommitMetadata]]:
    """What the group has noted for each partition: the position, and the rest."""
    commits = stage.admin.commits(stage.settings.kafka.group, stage.topic(queue))
    return {
        s.partition: (c.position, CommitMetadata.decode(c.metadata)) for s, c in commits.items()
    }


@pytest.mark.parametrize("routes", ["", TRANSACTIONAL, WITHOUT_A_QUEUE])
@pytest.mark.timeout(180)
def test_a_job_that_kills_its_process_is_moved_aside(stage: Stage, routes: str) -> None:
    stage.notice_the_dead()
    stage.declare(routes)
    stage.create(partitions=2)
    stage.put([(1, JournalJob(1)), (1, DeadlyJob(2)), (1, JournalJob(3)), (0, JournalJob(4))])

    deaths = perform_until_done(stage, 3)

    # A death that a busy machine keeps from being counted costs one more.
    assert 4 <= deaths <= 6
    starts = Counter(stage.journal.numbers("start"))
    assert (starts[2], starts[3]) == (deaths, 1)
    (dead,) = moved_aside(stage)
    assert (dead["error_class"], dead["source_offset"]) == (b"WorkerDiedError", b"1")
    why = dead["error_message"]
    assert why is not None
    assert why.startswith(b"worker died: this job was begun 3 times")
    assert notes(stage)[1] == (3, CommitMetadata())


@pytest.mark.timeout(180)
def test_a_long_job_of_another_partition_is_not_blamed(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=2)
    stage.put([(0, GateJob(0)), (1, DeadlyJob(1)), (1, JournalJob(2))])

    deaths = perform_until_done(stage, 2, long=(0,))

    # How many more depends on chance: which of the two begins first, and whether the group lets its
    # metadata be committed in time.
    assert deaths >= 4

    assert [dead["source_partition"] for dead in moved_aside(stage)] == [b"1"]
    assert set(stage.journal.numbers("done")) == {0, 2}


@pytest.mark.timeout(180)
def test_who_leaves_in_order_says_so_and_who_is_killed_does_not(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=1)
    stage.put([(0, JournalJob(0))])
    assert perform_until_done(stage, 0) == 0
    assert notes(stage) == {0: (1, CommitMetadata(is_clean=True))}

    stage.put([(0, JournalJob(1)), (0, GateJob(2)), *((0, JournalJob(n)) for n in range(3, 20))])
    with stage.steady_worker() as killed:
        stage.journal.wait_for("start", 2)
        assert not notes(stage)[0][1].is_clean
        killed.kill()
    assert not notes(stage)[0][1].is_clean

    with stage.steady_worker() as quiet:
        stage.journal.wait(lambda journal: journal.numbers("start").count(2) == 2)
        eventually(
            lambda: sum(notes(stage)[0][1].begun.values()) == 1,
            within=30,
            what="it is noted that a job behind a death was begun",
        )
        quiet.signal(signal.SIGTSTP)
        quiet.wait_for_output("takes no new jobs")
        quiet.signal(signal.SIGTERM)
        eventually(
            lambda: not any(notes(stage)[0][1].begun.values()),
            within=20,
            what="a job is not blamed for what the end of its worker may bring",
        )
        stage.open_gate(2)
        assert quiet.wait() == 0
    assert notes(stage) == {0: (3, CommitMetadata())}

    assert perform_until_done(stage, 19) == 0
    assert notes(stage) == {0: (20, CommitMetadata(is_clean=True))}
    assert moved_aside(stage) == []


@pytest.mark.timeout(180)
def test_a_record_that_waits_for_its_time_holds_up_no_other_partition(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.declare(DELAYED)
    stage.create("slow", partitions=2)
    stage.create(partitions=1)
    stage.put([(0, JournalJob(1)), (1, JournalJob(2))], "slow")
    stage.put([(0, GateJob(3)), (0, JournalJob(4))])
    with stage.steady_worker() as killed:
        stage.journal.wait_for("start", 3)
        eventually(lambda: len(notes(stage, "slow")) == 2, within=30, what="both have an owner")
        killed.kill()

    stage.open_gate(3)
    assert perform_until_done(stage, 4) == 0

    assert set(stage.journal.numbers("start")) == {3, 4}
    assert all(not note.begun for _, note in notes(stage, "slow").values())
