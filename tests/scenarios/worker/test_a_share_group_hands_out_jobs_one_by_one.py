"""A topic of a share group (KIP-932) is a queue: whoever is free takes the next job, and a job that
fails delays nobody.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import samovar
from samovar.broker.port import NewRecord
from tests.jobs.sample import (
    DeadlyJob,
    ExitingJob,
    FailingJob,
    GateJob,
    HealingJob,
    JournalJob,
)
from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.stage import Stage

ROUTE = (
    "app.job_topic('default', share_group=True, pause=Pause(timeout=0.05, max_timeout=0.1),"
    " dead_letter_queue=DeadLetterQueue('dead', max_retries={retries}))"
)


def declare(stage: Stage, *, retries: int = 3, partitions: int = 1) -> None:
    stage.declare(ROUTE.format(retries=retries))
    stage.create(partitions=partitions)


def headers(stage: Stage) -> list[dict[str, bytes]]:
    return [dict(record.headers) for record in stage.records("dead")]


@pytest.mark.timeout(120)
def test_each_job_is_performed_once(kafka_stage: Stage) -> None:
    declare(kafka_stage, partitions=3)
    kafka_stage.put((n % 3, JournalJob(n)) for n in range(2000))

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", *range(2000))
        kafka_stage.put((n % 3, JournalJob(n)) for n in range(2000, 2100))
        kafka_stage.journal.wait_for("done", *range(2100))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(kafka_stage.journal.numbers("start")) == list(range(2100))


@pytest.mark.timeout(120)
def test_a_job_that_fails_delays_nobody_and_becomes_a_dead_letter(kafka_stage: Stage) -> None:
    declare(kafka_stage)
    kafka_stage.configure("worker", concurrency=2)
    kafka_stage.put([(0, FailingJob(-1)), *((0, JournalJob(n)) for n in range(50))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", *range(50))
        eventually(lambda: headers(kafka_stage), what="the job lies among the dead letters")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    starts = kafka_stage.journal.numbers("start")
    assert Counter(starts) == {-1: 4, **dict.fromkeys(range(50), 1)}
    (told,) = headers(kafka_stage)
    assert told["source_attempts"] == b"4"
    assert told["source_topic"] == kafka_stage.topic().encode()
    assert told["source_consumer_group"] == f"{kafka_stage.prefix}-share".encode()
    assert (told["error_class"], told["error_message"]) == (b"RuntimeError", b"job -1 fails")


@pytest.mark.timeout(120)
def test_a_job_is_tried_more_often_than_the_broker_hands_out_a_record(kafka_stage: Stage) -> None:
    declare(kafka_stage, retries=8)
    kafka_stage.put([(0, FailingJob(0)), (0, HealingJob(1))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait(lambda journal: journal.numbers("start").count(1) > 5)
        kafka_stage.open_gate(1)
        kafka_stage.journal.wait_for("done", 1)
        eventually(lambda: headers(kafka_stage), what="the job lies among the dead letters")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert kafka_stage.journal.numbers("start").count(0) == 9
    assert [told["source_attempts"] for told in headers(kafka_stage)] == [b"9"]


@pytest.mark.timeout(120)
def test_what_is_no_job_goes_aside_at_once(kafka_stage: Stage) -> None:
    declare(kafka_stage)
    kafka_stage.put_raw([(0, b"no job"), (0, None)])
    kafka_stage.put([(0, JournalJob(0))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", 0)
        eventually(lambda: len(headers(kafka_stage)) == 2, what="both lie among the dead letters")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert {r.value for r in kafka_stage.records("dead")} == {b"no job", None}
    assert {told["source_attempts"] for told in headers(kafka_stage)} == {b"1"}


@pytest.mark.timeout(120)
def test_more_workers_than_partitions_all_get_jobs(kafka_stage: Stage) -> None:
    """Though one request wrote all the jobs, and so one member is handed all of them at first."""
    declare(kafka_stage)
    kafka_stage.configure("worker", concurrency=2)
    with (
        kafka_stage.steady_worker() as one,
        kafka_stage.steady_worker() as two,
        kafka_stage.steady_worker() as three,
    ):
        kafka_stage.put((0, GateJob(n)) for n in range(8))

        kafka_stage.journal.wait(lambda journal: len(journal.notes("start")) >= 6)
        assert kafka_stage.journal.pids() == {one.pid, two.pid, three.pid}
        for number in range(8):
            kafka_stage.open_gate(number)
        kafka_stage.journal.wait_for("done", *range(8))
        for worker in (one, two, three):
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    assert sorted(kafka_stage.journal.numbers("start")) == list(range(8))


@pytest.mark.timeout(120)
def test_a_worker_that_ends_finishes_what_runs_and_gives_back_the_rest(
    kafka_stage: Stage,
) -> None:
    declare(kafka_stage)
    kafka_stage.configure("worker", concurrency=1)
    kafka_stage.put([(0, GateJob(0)), *((0, JournalJob(n)) for n in range(1, 20))])

    with kafka_stage.steady_worker() as first, kafka_stage.steady_worker() as second:
        kafka_stage.journal.wait_for("start", 0)
        busy, other = (
            (first, second) if first.pid in kafka_stage.journal.pids() else (second, first)
        )
        busy.signal(signal.SIGTERM)
        kafka_stage.journal.wait_for("done", *range(1, 20))
        kafka_stage.open_gate(0)
        assert busy.wait() == 0
        other.signal(signal.SIGTERM)
        assert other.wait() == 0

    assert sorted(kafka_stage.journal.numbers("start")) == list(range(20))


@pytest.mark.timeout(120)
def test_a_worker_told_to_be_quiet_leaves_the_rest_to_others(kafka_stage: Stage) -> None:
    declare(kafka_stage)
    kafka_stage.configure("worker", concurrency=1)
    kafka_stage.put([(0, GateJob(0)), *((0, JournalJob(n)) for n in range(1, 20))])

    with kafka_stage.steady_worker() as quiet:
        kafka_stage.journal.wait_for("start", 0)
        quiet.signal(signal.SIGTSTP)
        with kafka_stage.steady_worker() as other:
            kafka_stage.journal.wait_for("done", *range(1, 20))
            kafka_stage.open_gate(0)
            kafka_stage.journal.wait_for("done", 0)
            for worker in (quiet, other):
                worker.signal(signal.SIGTERM)
                assert worker.wait() == 0

    assert sorted(kafka_stage.journal.numbers("start")) == list(range(20))
    assert kafka_stage.records("dead") == []


@pytest.mark.timeout(120)
def test_a_job_that_ends_its_process_is_performed_by_the_next_one(kafka_stage: Stage) -> None:
    declare(kafka_stage)
    kafka_stage.put([(0, ExitingJob(0)), (0, JournalJob(1))])
    with kafka_stage.steady_worker("--processes", "1") as worker:
        kafka_stage.journal.wait_for("start", 0)
        worker.wait()

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", 0, 1)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


@pytest.mark.timeout(120)
def test_an_old_job_is_dropped(kafka_stage: Stage) -> None:
    kafka_stage.declare("app.job_topic('default', share_group=True, expire_in=3600)")
    kafka_stage.create(partitions=1)
    kafka_stage.app  # noqa: B018 -- jobs need an application to know their queue
    stale = JournalJob(0).serialize()
    kafka_stage.produce(
        [NewRecord(kafka_stage.topic(), samovar.payload.dumps(stale), timestamp=1_000_000)]
    )
    kafka_stage.put([(0, JournalJob(1))])

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", 1)
        worker.wait_for_output("older than 3600 s")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert kafka_stage.journal.numbers("start") == [1]


@pytest.mark.timeout(180)
def test_a_job_that_kills_its_process_becomes_a_dead_letter(kafka_stage: Stage) -> None:
    declare(kafka_stage)
    kafka_stage.put([(0, DeadlyJob(-1)), *((0, JournalJob(n)) for n in range(50))])

    with kafka_stage.steady_worker("--processes", "2") as worker:
        kafka_stage.journal.wait_for("done", *range(50))
        eventually(lambda: headers(kafka_stage), within=120, what="the job is moved aside")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    # A process that dies between the copy and its acknowledgement leaves a second copy behind.
    letters = headers(kafka_stage)
    assert len(letters) in (1, 2)
    for told in letters:
        assert told["error_class"] == b"WorkerDiedError"
        assert "share_deaths" not in told, "put back, it begins anew"
    # Twice with what came together with it, and once by itself. A hand-out to a connection whose
    # process is dead already counts as a crash too, and no job begins by it (ADR 0007).
    starts = kafka_stage.journal.numbers("start").count(-1)
    assert 2 <= starts <= 4 * len(letters) + 2


@pytest.mark.timeout(180)
def test_a_killed_worker_loses_no_job(kafka_stage: Stage) -> None:
    kill_under_load(kafka_stage, rounds=2)


@pytest.mark.chaos
@pytest.mark.timeout(1200)
def test_a_worker_killed_twenty_times_loses_no_job(
    kafka_stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**kill_under_load(kafka_stage, rounds=20))


def kill_under_load(stage: Stage, rounds: int) -> dict[str, object]:
    """Repeated is only what was running, or had ended and was not acknowledged yet."""
    declare(stage, partitions=4)
    enqueued = 0
    with stage.steady_worker() as survivor:
        for _ in range(rounds):
            jobs = range(enqueued, enqueued := enqueued + 1000)
            with stage.steady_worker("--processes", "1") as worker:
                stage.put((n % 4, JournalJob(n, 0.005)) for n in jobs)
                stage.journal.wait(lambda journal, pid=worker.pid: pid in journal.pids())
                time.sleep(random.uniform(0, 1))
                worker.signal(signal.SIGKILL)
                worker.wait()
        stage.journal.wait_for("done", *range(enqueued), within=150)
        survivor.signal(signal.SIGTERM)
        assert survivor.wait() == 0

    starts = Counter(stage.journal.numbers("start"))
    lost = enqueued - len(set(stage.journal.numbers("done")))
    assert lost == 0
    assert stage.records("dead") == []
    repeated = starts.total() - len(starts)
    return {"kills": rounds, "enqueued": enqueued, "lost": lost, "repeated": repeated}


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_worker_killed_twenty_times_with_all_its_processes_loses_no_job(
    kafka_stage: Stage, chaos_report: Callable[..., None]
) -> None:
    """While they are young: then the brokers may hand a record to one dead connection after the
    other, and they drop it when they have handed it out too often.
    """
    declare(kafka_stage)
    for number in range(20):
        kafka_stage.put([(0, GateJob(number))])
        with kafka_stage.steady_worker("--processes", "3") as worker:
            kafka_stage.journal.wait_for("start", number)
            time.sleep(random.uniform(0, 1))
            for process in (psutil.Process(worker.pid), *psutil.Process(worker.pid).children()):
                process.kill()
            worker.wait()
        kafka_stage.open_gate(number)
        with kafka_stage.steady_worker() as worker:
            kafka_stage.journal.wait_for("done", number, within=60)
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0
    assert kafka_stage.records("dead") == []
    lost = 20 - len(set(kafka_stage.journal.numbers("done")))
    assert lost == 0
    chaos_report(kills=20, processes=3, lost=lost)


def test_the_embedded_log_refuses_a_share_group_and_says_what_to_do(
    tmp_path: Path, unique: Callable[[str], str]
) -> None:
    stage = Stage("embedded", directory=tmp_path, prefix=unique("s"))
    stage.declare("app.job_topic('default', share_group=True)")

    with stage.worker() as worker:
        assert worker.wait() != 0
        assert f"job_topic('{stage.topic()}'): share_group needs Kafka" in worker.output
        assert "ordering='none'" in worker.output


def goes_round(stage: Stage) -> bool:
    return any("share_deaths" in dict(record.headers) for record in stage.records())


@pytest.mark.timeout(180)
def test_a_job_that_outlasts_its_lock_runs_twice_and_is_told(
    kafka: KafkaProcess, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    """On a broker whose locks are short; `kafka` is asked for its reasons to skip."""
    short = {
        "group.share.min.record.lock.duration.ms": "1000",
        "group.share.record.lock.duration.ms": "2000",
    }
    with KafkaProcess(properties=short) as broker:
        stage = Stage("kafka", directory=tmp_path, prefix=unique("s"), kafka=broker)
        declare(stage)
        stage.configure("worker", concurrency=2)
        stage.put([(0, GateJob(0)), (0, JournalJob(1))])

        with stage.steady_worker() as worker:
            eventually(lambda: goes_round(stage), what="it came back, and goes round as a copy")
            stage.open_gate(0)
            stage.journal.wait(lambda journal: journal.numbers("done").count(0) >= 2)
            worker.wait_for_output("it runs once more")
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0
        stage.close()
