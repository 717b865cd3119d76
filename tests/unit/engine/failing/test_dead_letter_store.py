"""Dead letters are found, put back and given up; here on the embedded log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import Commit, NewRecord, Record, TopicPartition, TopicSpec
from samovar.engine.failing import dead_letter_store as module
from samovar.engine.failing.dead_job import DeadJob
from samovar.engine.failing.dead_letter_store import DeadLetterStore, Handled
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.topics.existing import Topics
from samovar.errors import ArgumentError, BrokerError
from samovar.job.job_data import dumps


class Stage:
    """A log with the queues "mail" and "post", and the tool."""

    def __init__(self, path: Path) -> None:
        self.broker = EmbeddedBroker(path)
        self.admin = self.broker.admin()
        self.producer = self.broker.producer()
        self.admin.create_topics([TopicSpec(name=name, partitions=2) for name in ("mail", "post")])
        self._topics = Topics(self.broker.admin())
        self._dead_letters = DeadLetters(
            group="app", producer=self.producer, deliveries=self.producer, topics=self._topics
        )
        self.store = self.open()

    def open(self, **changes: Any) -> DeadLetterStore:
        given: dict[str, Any] = {
            "admin": self.broker.admin(),
            "producer": lambda: self.producer,
            "group": "app",
            "declared": ["lost"],
            "queues": ["mail"],
            "real_name": lambda name: name,
        }
        return DeadLetterStore(**{**given, **changes})

    def add(
        self, name: str, *, queue: str = "mail", target: str = "mail_dead", **more: Any
    ) -> None:
        """A job of that id is a dead letter of partition 1."""
        value = dumps({"job_class": "J", "job_id": name, "queue_name": queue})
        record = Record(7, more.pop("value", value), **more)
        failure = Failure(
            source=TopicPartition(queue, 1),
            record=record,
            target=target,
            attempts=4,
            error=ValueError("boom"),
            trace_id="t",
        )
        self._dead_letters.dispatch(failure)

    def queue(self, name: str = "mail") -> list[Record]:
        return [r for p in (0, 1) for r in self.admin.read(TopicPartition(name, p), 0, 100)]

    def ids(
        self, store: DeadLetterStore | None = None, topic: str = "mail_dead"
    ) -> list[str | None]:
        return [job.job_id for job in (store or self.store).jobs(topic)]

    def close(self) -> None:
        for part in (self.admin, self.store, self._topics):
            part.close()
        self.producer.close(1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "log.db")
    yield stage
    stage.close()


def test_dead_letter_topics_are_counted_and_show_their_newest(stage: Stage) -> None:
    stage.add("a")
    stage.add("b")
    stage.add("c", queue="post", target="post_dead")
    stage.admin.create_topics([TopicSpec(name="lost", partitions=1)])

    summaries = {summary.topic: summary for summary in stage.store.summaries()}

    assert {topic: summary.count for topic, summary in summaries.items()} == {
        "lost": 0,
        "mail_dead": 2,
        "post_dead": 1,
    }
    newest = summaries["mail_dead"].newest
    assert newest is not None
    assert (newest.id, newest.description, newest.error) == (
        "mail_dead:1:1",
        "J (b)",
        "ValueError: boom",
    )


def test_a_long_topic_is_estimated(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    for name in "abcde":
        stage.add(name)
    list(stage.store.discard(stage.store.find(["b"])))

    (summary,) = stage.store.summaries()

    assert (summary.count, summary.is_estimate) == (4, True)
    assert summary.newest is not None
    assert summary.newest.job_id == "e"


def test_a_dead_job_goes_back_as_it_was(stage: Stage) -> None:
    stage.add("a", key=b"k", headers=(("mine", b"1"), ("source_topic", b"theirs")))

    (handled,) = stage.store.retry(stage.store.find(["a"]))

    assert [job.job_id for job in handled.done] == ["a"]
    (record,) = stage.queue()
    assert (record.key, record.headers) == (b"k", (("mine", b"1"), ("source_topic", b"theirs")))
    assert b'"job_id":"a"' in (record.value or b"")
    assert stage.ids() == []
    assert stage.ids(stage.open()) == [], "the next process knows it too"


def test_without_a_key_it_goes_back_into_its_partition(stage: Stage) -> None:
    for name in "abc":
        stage.add(name)

    list(stage.store.retry(stage.store.find(["mail_dead"])))

    assert len(stage.admin.read(TopicPartition("mail", 1), 0, 10)) == 3


def test_single_dead_jobs_among_others_are_remembered(stage: Stage) -> None:
    for name in "abcde":
        stage.add(name)

    list(stage.store.retry(stage.store.find(["mail_dead:1:3", "b"])))
    assert stage.ids(stage.open()) == ["a", "c", "e"]
    list(stage.store.discard(stage.store.find(["a"])))

    assert stage.ids(stage.open()) == ["c", "e"]
    assert len(stage.queue()) == 2


def test_what_is_handled_with_by_all_is_deleted_from_the_file(stage: Stage) -> None:
    for name in "abc":
        stage.add(name)

    list(stage.store.discard(stage.store.find(["a", "b"])))

    assert stage.admin.watermarks("mail_dead")[TopicPartition("mail_dead", 1)].low == 2


def test_batches_follow_on_from_each_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    for name in "abcde":
        stage.add(name)

    steps = list(stage.store.retry(stage.store.find(["mail_dead"])))

    assert [len(step.done) for step in steps] == [2, 2, 1]
    assert len(stage.queue()) == 5
    assert stage.ids() == []


def test_a_dead_job_that_fails_again_meanwhile_does_not_go_round_for_ever(stage: Stage) -> None:
    stage.add("a")

    def failing_again() -> Iterator[DeadJob]:
        for job in stage.store.find(["mail_dead"]):
            yield job
            stage.add("a")

    (handled,) = stage.store.retry(failing_again())

    assert len(handled.done) == 1
    assert stage.ids() == ["a"]


def test_a_crash_after_putting_back_loses_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.add("a")

    def crash(*_: Any) -> None:
        raise BrokerError("away")

    monkeypatch.setattr(DeadLetterStore, "_commit", crash)
    with pytest.raises(BrokerError):
        list(stage.store.retry(stage.store.find(["a"])))

    assert len(stage.queue()) == 1
    assert stage.ids() == ["a"], "it was not marked, and may be put back twice"


def test_what_cannot_be_put_back_stays_and_says_why(stage: Stage) -> None:
    stage.add("a", queue="gone")
    stage.producer.produce_sync([NewRecord("mail_dead", b"no job", partition=1)])
    dropped = (("dropped_value_bytes", b"99"),)
    stage.producer.produce_sync([NewRecord("mail_dead", None, headers=dropped, partition=1)])
    stage.add("d")

    (handled,) = stage.store.retry(stage.store.find(["mail_dead"]))

    assert [job.job_id for job in handled.done] == ["d"]
    whys = [why for _, why in handled.left]
    assert "no topic 'gone'" in whys[0]
    assert "does not say which topic" in whys[1]
    assert "its payload is lost" in whys[2]
    assert len(list(stage.open().jobs("mail_dead"))) == 3


def test_a_tombstone_and_what_is_no_job_go_back_as_well(stage: Stage) -> None:
    stage.add("a", value=None)
    stage.add("b", value=b"\xff no job")

    (handled,) = stage.store.retry(stage.store.find(["mail_dead"]))

    assert [job.description for job in handled.done] == ["A record that is no job"] * 2
    assert [record.value for record in stage.queue()] == [None, b"\xff no job"]


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("nobody", "no job with that id"),
        ("mail", "no job with that id"),
        ("mail:1:0", "'mail' is no dead letter topic"),
        ("mail_dead:9:0", "no partition 9"),
        ("mail_dead:1:9", "there is no dead letter"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_done(
    stage: Stage, which: str, said: str
) -> None:
    stage.add("a")

    with pytest.raises(ArgumentError, match=said):
        list(stage.store.retry(stage.store.find(["a", which])))

    assert stage.queue() == []


def test_a_dead_job_is_handled_once(stage: Stage) -> None:
    stage.add("a")
    list(stage.store.discard(stage.store.find(["a", "mail_dead", "mail_dead:1:0"])))

    with pytest.raises(ArgumentError, match="was handled before"):
        list(stage.store.find(["mail_dead:1:0"]))


def test_a_topic_that_a_strategy_chose_is_known_by_what_lies_in_it(stage: Stage) -> None:
    stage.add("a", target="elsewhere")
    stage.admin.create_topics([TopicSpec(name="plain", partitions=1)])
    stage.producer.produce_sync([NewRecord("plain", b"x")])

    assert stage.store.topic("elsewhere") == "elsewhere"
    assert stage.store.topic("plain") is None
    assert stage.store.topic("mail") is None


def test_what_workers_have_performed_is_handled_with(stage: Stage) -> None:
    for name in "abc":
        stage.add(name)
    stage.admin.commit("app", {TopicPartition("mail_dead", 1): Commit(2)})

    assert stage.ids() == ["c"]


def test_too_many_single_dead_jobs_are_refused_before_they_are_put_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samovar.engine.failing.handled.METADATA_BYTES", 6)
    for name in "abcdef":
        stage.add(name)

    with pytest.raises(ArgumentError, match="handle those from offset 0 on first"):
        list(stage.store.retry(stage.store.find(["b", "d", "f"])))

    assert stage.queue() == []


def test_handled_dead_jobs_are_reported_in_order(stage: Stage) -> None:
    for name in "abc":
        stage.add(name)

    (handled,) = stage.store.discard(stage.store.find(["mail_dead"]))

    assert isinstance(handled, Handled)
    assert [job.job_id for job in handled.done] == ["a", "b", "c"]
