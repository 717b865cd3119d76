"""Dead letters are found, put back and given up; here on the embedded log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import Commit, NewRecord, Record, TopicPartition, TopicSpec
from samovar.engine.failing import dead_letter_store as module
from samovar.engine.failing.dead_job import Letter
from samovar.engine.failing.dead_letter_store import Dealt, Morgue
from samovar.engine.failing.dead_letters import DeadLetters
from samovar.engine.flow.dead_letter import Failure
from samovar.engine.topics.existing import Topics
from samovar.errors import ArgumentError, BrokerError
from samovar.job.job_data import dumps


class House:
    """A log with the queues "mail" and "post", and the tool."""

    def __init__(self, path: Path) -> None:
        self.broker = EmbeddedBroker(path)
        self.admin = self.broker.admin()
        self.producer = self.broker.producer()
        self.admin.create_topics([TopicSpec(name=name, partitions=2) for name in ("mail", "post")])
        self._topics = Topics(self.broker.admin())
        self._letters = DeadLetters(
            group="app", producer=self.producer, deliveries=self.producer, topics=self._topics
        )
        self.morgue = self.open()

    def open(self, **changes: Any) -> Morgue:
        given: dict[str, Any] = {
            "admin": self.broker.admin(),
            "producer": lambda: self.producer,
            "group": "app",
            "drawn": ["lost"],
            "queues": ["mail"],
            "real_name": lambda name: name,
        }
        return Morgue(**{**given, **changes})

    def bury(
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
        self._letters.dispatch(failure)

    def queue(self, name: str = "mail") -> list[Record]:
        return [r for p in (0, 1) for r in self.admin.read(TopicPartition(name, p), 0, 100)]

    def ids(self, morgue: Morgue | None = None, topic: str = "mail_dead") -> list[str | None]:
        return [letter.job_id for letter in (morgue or self.morgue).letters(topic)]

    def close(self) -> None:
        for part in (self.admin, self.morgue, self._topics):
            part.close()
        self.producer.close(1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "log.db")
    yield house
    house.close()


def test_dead_letter_topics_are_counted_and_show_their_newest(house: House) -> None:
    house.bury("a")
    house.bury("b")
    house.bury("c", queue="post", target="post_dead")
    house.admin.create_topics([TopicSpec(name="lost", partitions=1)])

    shelves = {shelf.topic: shelf for shelf in house.morgue.shelves()}

    assert {topic: shelf.count for topic, shelf in shelves.items()} == {
        "lost": 0,
        "mail_dead": 2,
        "post_dead": 1,
    }
    newest = shelves["mail_dead"].newest
    assert newest is not None
    assert (newest.id, newest.job, newest.error) == ("mail_dead:1:1", "J (b)", "ValueError: boom")


def test_a_long_shelf_is_estimated(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    for name in "abcde":
        house.bury(name)
    list(house.morgue.discard(house.morgue.find(["b"])))

    (shelf,) = house.morgue.shelves()

    assert (shelf.count, shelf.is_estimate) == (4, True)
    assert shelf.newest is not None
    assert shelf.newest.job_id == "e"


def test_a_letter_goes_back_as_it_was(house: House) -> None:
    house.bury("a", key=b"k", headers=(("mine", b"1"), ("source_topic", b"theirs")))

    (dealt,) = house.morgue.retry(house.morgue.find(["a"]))

    assert [letter.job_id for letter in dealt.done] == ["a"]
    (record,) = house.queue()
    assert (record.key, record.headers) == (b"k", (("mine", b"1"), ("source_topic", b"theirs")))
    assert b'"job_id":"a"' in (record.value or b"")
    assert house.ids() == []
    assert house.ids(house.open()) == [], "the next process knows it too"


def test_without_a_key_it_goes_back_into_its_partition(house: House) -> None:
    for name in "abc":
        house.bury(name)

    list(house.morgue.retry(house.morgue.find(["mail_dead"])))

    assert len(house.admin.read(TopicPartition("mail", 1), 0, 10)) == 3


def test_single_letters_amid_others_are_remembered(house: House) -> None:
    for name in "abcde":
        house.bury(name)

    list(house.morgue.retry(house.morgue.find(["mail_dead:1:3", "b"])))
    assert house.ids(house.open()) == ["a", "c", "e"]
    list(house.morgue.discard(house.morgue.find(["a"])))

    assert house.ids(house.open()) == ["c", "e"]
    assert len(house.queue()) == 2


def test_what_is_dealt_with_by_all_is_deleted_from_the_file(house: House) -> None:
    for name in "abc":
        house.bury(name)

    list(house.morgue.discard(house.morgue.find(["a", "b"])))

    assert house.admin.watermarks("mail_dead")[TopicPartition("mail_dead", 1)].low == 2


def test_batches_follow_on_from_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    for name in "abcde":
        house.bury(name)

    steps = list(house.morgue.retry(house.morgue.find(["mail_dead"])))

    assert [len(step.done) for step in steps] == [2, 2, 1]
    assert len(house.queue()) == 5
    assert house.ids() == []


def test_a_letter_that_fails_again_meanwhile_does_not_go_round_for_ever(house: House) -> None:
    house.bury("a")

    def failing_again() -> Iterator[Letter]:
        for letter in house.morgue.find(["mail_dead"]):
            yield letter
            house.bury("a")

    (dealt,) = house.morgue.retry(failing_again())

    assert len(dealt.done) == 1
    assert house.ids() == ["a"]


def test_a_crash_after_putting_back_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.bury("a")

    def crash(*_: Any) -> None:
        raise BrokerError("away")

    monkeypatch.setattr(Morgue, "_commit", crash)
    with pytest.raises(BrokerError):
        list(house.morgue.retry(house.morgue.find(["a"])))

    assert len(house.queue()) == 1
    assert house.ids() == ["a"], "it was not marked, and may be put back twice"


def test_what_cannot_be_put_back_stays_and_tells_why(house: House) -> None:
    house.bury("a", queue="gone")
    house.producer.produce_sync([NewRecord("mail_dead", b"no job", partition=1)])
    dropped = (("dropped_value_bytes", b"99"),)
    house.producer.produce_sync([NewRecord("mail_dead", None, headers=dropped, partition=1)])
    house.bury("d")

    (dealt,) = house.morgue.retry(house.morgue.find(["mail_dead"]))

    assert [letter.job_id for letter in dealt.done] == ["d"]
    whys = [why for _, why in dealt.left]
    assert "no topic 'gone'" in whys[0]
    assert "does not tell which topic" in whys[1]
    assert "its payload is lost" in whys[2]
    assert len(list(house.open().letters("mail_dead"))) == 3


def test_a_tombstone_and_what_is_no_job_go_back_as_well(house: House) -> None:
    house.bury("a", value=None)
    house.bury("b", value=b"\xff no job")

    (dealt,) = house.morgue.retry(house.morgue.find(["mail_dead"]))

    assert [letter.job for letter in dealt.done] == ["A record that is no job"] * 2
    assert [record.value for record in house.queue()] == [None, b"\xff no job"]


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
    house: House, which: str, said: str
) -> None:
    house.bury("a")

    with pytest.raises(ArgumentError, match=said):
        list(house.morgue.retry(house.morgue.find(["a", which])))

    assert house.queue() == []


def test_a_letter_is_dealt_with_once(house: House) -> None:
    house.bury("a")
    list(house.morgue.discard(house.morgue.find(["a", "mail_dead", "mail_dead:1:0"])))

    with pytest.raises(ArgumentError, match="has been dealt with"):
        list(house.morgue.find(["mail_dead:1:0"]))


def test_a_topic_that_a_strategy_chose_is_known_by_what_lies_in_it(house: House) -> None:
    house.bury("a", target="elsewhere")
    house.admin.create_topics([TopicSpec(name="plain", partitions=1)])
    house.producer.produce_sync([NewRecord("plain", b"x")])

    assert house.morgue.topic("elsewhere") == "elsewhere"
    assert house.morgue.topic("plain") is None
    assert house.morgue.topic("mail") is None


def test_what_workers_have_performed_is_dealt_with(house: House) -> None:
    for name in "abc":
        house.bury(name)
    house.admin.commit("app", {TopicPartition("mail_dead", 1): Commit(2)})

    assert house.ids() == ["c"]


def test_too_many_single_letters_are_refused_before_they_are_put_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samovar.engine.failing.handled.METADATA_BYTES", 6)
    for name in "abcdef":
        house.bury(name)

    with pytest.raises(ArgumentError, match="deal first with those from 0 on"):
        list(house.morgue.retry(house.morgue.find(["b", "d", "f"])))

    assert house.queue() == []


def test_dealt_letters_are_told_in_order(house: House) -> None:
    for name in "abc":
        house.bury(name)

    (dealt,) = house.morgue.discard(house.morgue.find(["mail_dead"]))

    assert isinstance(dealt, Dealt)
    assert [letter.job_id for letter in dealt.done] == ["a", "b", "c"]
