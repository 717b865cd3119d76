"""A queue has a name that Kafka's topics can have, on every log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from samovar import ArgumentError, Job
from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.port import NewRecord, TopicSpec
from tests.support.applications import application

ILLEGAL = ["a b", "a/b", "two\nlines", "a\0b", "x" * 250, "x" * 100_000, "ü", "."]
IDS = ["blank", "slash", "newline", "NUL", "250", "100,000", "umlaut", "dot"]


class NamedJob(Job):
    def perform(self) -> None: ...


@pytest.mark.parametrize("name", ILLEGAL, ids=IDS)
@pytest.mark.parametrize("log", ["embedded", "kafka"])
def test_another_name_is_refused_at_the_enqueue(tmp_path: Path, log: str, name: str) -> None:
    with application(
        queue_adapter=log,
        embedded={"path": tmp_path / "log.db"},
        kafka={"bootstrap_servers": "127.0.0.1:1"},
    ) as app:
        if log == "kafka":  # a broker that is away is asked nothing
            app.adapter()._destinations._topics.names = lambda: []  # type: ignore[attr-defined]
        with pytest.raises(ArgumentError, match="1 to 249 letters") as raised:
            NamedJob.set(queue=name).perform_later()

    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ILLEGAL, ids=IDS)
def test_the_embedded_log_makes_no_such_topic(tmp_path: Path, name: str) -> None:
    with (
        closing(EmbeddedBroker(tmp_path / "log.db").admin()) as admin,
        pytest.raises(ArgumentError, match="1 to 249 letters"),
    ):
        admin.create_topics([TopicSpec(name=name, partitions=1)])


def test_a_queue_that_an_earlier_version_let_be_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(EmbeddedBroker(path).admin()) as admin:
        admin.create_topics([TopicSpec(name="a-b", partitions=1)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE topics SET name = 'a b'")

    with application(queue_adapter="embedded", embedded={"path": path}):
        assert NamedJob.set(queue="a b").perform_later()


def test_a_new_queue_costs_no_look_at_all_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    learn = EmbeddedProducer._learn_topics
    monkeypatch.setattr(
        EmbeddedProducer, "_learn_topics", lambda self, file: (looks.append(1), learn(self, file))
    )
    monkeypatch.setattr("samovar.broker.embedded.producer._LOOK_SECONDS", 1000)
    broker = EmbeddedBroker(tmp_path / "log.db")
    producer = broker.producer()
    with closing(broker.admin()) as admin:
        for number in range(5):
            admin.create_topics([TopicSpec(name=f"q{number}", partitions=2)])
            producer.produce(NewRecord(f"q{number}", b"x"))
    producer.close(1)

    assert len(looks) <= 1
