"""What cannot be understood or delivered is told, and the rest leaves; on the embedded log, where
the same keeper runs.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import samovar
from samovar import events
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import NewRecord, Record, TopicSpec
from samovar.engine.routing.routes import Routes
from samovar.engine.scheduled import envelope, schedule, targets
from samovar.engine.scheduled.envelope import Target
from samovar.engine.scheduled.scheduling import Scheduling
from samovar.engine.topics.existing import Topics
from samovar.errors import BrokerError
from samovar.events import Event
from tests.jobs.deferred import DeferredJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

PAST = 1_000


class Bench:
    """A schedule topic with one partition, and a keeper for it."""

    def __init__(self, path: Path) -> None:
        self.broker = EmbeddedBroker(path)
        self.admin = self.broker.admin()
        self.producer = self.broker.producer()
        self.topics = Topics(self.admin)
        self.scheduling = Scheduling(str, "app")
        self.scheduling.schedules.declare("schedules", partitions=1)
        self.topics.ensure(self.scheduling.topics())
        self.topics.ensure([TopicSpec(name="mail", partitions=2)])
        (self.keeper,) = self.scheduling.keepers(
            broker=self.broker, producer=self.producer, topics=self.topics, routes=Routes(str)
        )

    def wrap(self, key: str, **changes: Any) -> NewRecord:
        target = Target(**{"topic": "mail", "value": key.encode(), "epoch": PAST, **changes})
        return envelope.wrap(target, topic="schedules", key=key, partitions=1)

    def write(self, *records: NewRecord) -> None:
        self.producer.produce_sync(records)

    def records(self, topic: str) -> list[Record]:
        if topic not in self.admin.topics():
            return []
        found: list[Record] = []
        for source, marks in self.admin.watermarks(topic).items():
            found += self.admin.read(source, marks.low, 100)
        return found

    def arrived(self, topic: str = "mail") -> set[bytes | None]:
        return {record.value for record in self.records(topic)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "log.db")
    yield bench
    if bench.keeper.is_alive():
        bench.keeper.stop()
        bench.keeper.join(10)
    assert not bench.keeper.is_alive()


@pytest.fixture
def failures() -> Iterator[list[Event]]:
    seen: list[Event] = []
    hear = seen.append
    events.subscribe("schedule.failed")(hear)
    yield seen
    events.unsubscribe(hear)


def test_what_its_target_refuses_goes_to_the_dead_letters_and_the_others_leave(
    bench: Bench, failures: list[Event]
) -> None:
    bench.write(*(bench.wrap(f"{n}", partition=99 if n == 5 else None) for n in range(12)))

    bench.keeper.start()
    eventually(lambda: len(bench.records("mail")) == 11)
    eventually(lambda: bench.arrived("mail_dead") == {b"5"})

    (dead,) = bench.records("mail_dead")
    headers = dict(dead.headers)
    assert headers["source_topic"] == b"schedules"
    assert headers["schedule_target_partition"] == b"99"
    assert [event.payload["offset"] for event in failures] == [5]
    assert len(bench.records("mail")) == 11


def test_a_newer_version_halts_the_partition_until_it_is_understood(
    bench: Bench, failures: list[Event]
) -> None:
    """J09."""
    newer = bench.wrap("newer", epoch=int(time.time()) + 5)
    headers = (("schedule_schema_version", b"1.1.0"), *newer.headers[1:])
    bench.write(bench.wrap("a"), NewRecord("schedules", b"x", key=b"newer", headers=headers))

    bench.keeper.start()
    eventually(lambda: failures)
    bench.write(bench.wrap("b"))
    time.sleep(0.5)

    assert isinstance(failures[0].payload["error"], envelope.NewerVersionError)
    assert bench.arrived() == set()
    assert bench.admin.committed("schedules-keepers", "schedules") == {}


def test_what_is_no_schedule_is_told_and_passed_over(bench: Bench, failures: list[Event]) -> None:
    nameless = bench.wrap("a")
    bench.write(
        NewRecord("schedules", b"garbage", key=b"g"),
        NewRecord("schedules", b"no key", headers=nameless.headers),
        NewRecord("schedules", None),
        bench.wrap("good"),
    )

    bench.keeper.start()

    eventually(lambda: bench.arrived() == {b"good"})
    assert [event.payload["offset"] for event in failures] == [0, 1, 2]


def test_a_queue_that_was_deleted_is_made_again(bench: Bench) -> None:
    bench.write(bench.wrap("a"))
    bench.keeper.start()
    eventually(lambda: bench.arrived() == {b"a"})

    bench.admin.delete_topics(["mail"])
    bench.write(bench.wrap("b"))

    eventually(lambda: bench.arrived() == {b"b"})
    assert bench.records("mail_dead") == []


def test_the_last_schedule_of_a_key_counts_and_cancelled_ones_do_not(bench: Bench) -> None:
    far = int(time.time()) + 3600
    bench.write(
        bench.wrap("moved away"),
        bench.wrap("moved near", epoch=far),
        bench.wrap("cancelled"),
        bench.wrap("moved away", epoch=far),
        bench.wrap("moved near"),
        NewRecord("schedules", None, key=b"cancelled"),
    )

    bench.keeper.start()
    eventually(lambda: bench.arrived() == {b"moved near"})
    bench.keeper.stop()
    bench.keeper.join(10)

    # The one that waits is read again by the next keeper; what lies before it is done with.
    assert set(bench.admin.committed("schedules-keepers", "schedules").values()) == {3}


def test_a_topic_that_the_broker_does_not_create_holds_up_no_other(
    bench: Bench, failures: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = bench.admin.create_topics
    refused = {"forbidden", "mail_dead"}

    def refuse(specs: Sequence[TopicSpec]) -> list[str]:
        if names := {spec.name for spec in specs} & refused:
            raise BrokerError(f"Not authorized to create {names}.")
        return create(specs)

    monkeypatch.setattr(bench.admin, "create_topics", refuse)
    monkeypatch.setattr(targets, "REFUSED_SECONDS", 0)
    monkeypatch.setattr(schedule, "AGAIN_SECONDS", 1)
    bench.write(
        bench.wrap("nowhere", topic="forbidden"),
        bench.wrap("refused", partition=99),
        *(bench.wrap(f"{n}") for n in range(10)),
    )

    bench.keeper.start()
    eventually(lambda: len(bench.records("mail")) == 10)
    eventually(lambda: {event.payload["offset"] for event in failures} == {0, 1})
    assert bench.admin.committed("schedules-keepers", "schedules") in ({}, {("schedules", 0): 0})

    refused.clear()
    eventually(lambda: bench.arrived("forbidden") == {b"nowhere"})
    eventually(lambda: bench.arrived("mail_dead") == {b"refused"})


def test_on_kafka_a_job_that_its_queue_refuses_for_its_size_holds_up_no_other(
    schedule_stage: Stage,
) -> None:
    stage = schedule_stage
    small = {"max.message.bytes": "2000"}
    topic = stage.topic()
    stage.admin.create_topics([TopicSpec(name=topic, partitions=1, config=small)])
    stage.app  # noqa: B018 -- jobs need an application
    jobs = [DeferredJob(n).set(wait=1) for n in range(20)]
    jobs.insert(9, DeferredJob("x" * 5000).set(wait=1))  # type: ignore[arg-type]
    samovar.perform_all_later(jobs)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(20))
        eventually(lambda: f"{topic}_dead" in stage.admin.topics())
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(map(int, stage.journal.notes("done"))) == list(range(20))
    assert len(stage.records("default_dead")) == 1
